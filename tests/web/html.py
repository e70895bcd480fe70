"""Reading pages as a person does: the text that is seen, the forms and what they would send."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# What is not the page's own words: code, names of records, and what is marked as another language.
NOT_OWN_WORDS = {"title", "code", "bdi", "script", "style", "textarea", "option"}


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str = ""
    method: str = "get"
    values: list[tuple[str, str]] = field(default_factory=list)

    def data(self, **changes: object) -> dict[str, object]:
        """What would be sent, with some answers given differently; ``None`` leaves an answer out."""
        sent: dict[str, object] = {}
        for name, value in self.values:
            sent[name] = [*sent[name], value] if name in sent else [value]  # type: ignore[misc]
        sent |= changes
        return {name: value for name, value in sent.items() if value is not None}


class PageReader(HTMLParser):
    """Collects title, text outside of names and code, and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self._open: list[tuple[str, bool]] = []
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_foreign = tag in NOT_OWN_WORDS or (bool(given.get("lang")) and tag != "html")
        if tag not in VOID:
            self._open.append((tag, is_foreign))
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", given.get("method") or "get"))
        if self.forms:
            self._note_control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1][0] != tag:
            self._open.pop()
        if self._open:
            self._open.pop()
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "title" in tags:
            self.title += data.strip()
        if self._textarea and data.strip():
            self.forms[-1].values.append((self._textarea, data))
        if data.strip() and not any(is_foreign for _, is_foreign in self._open):
            self.texts.append(" ".join(data.split()))

    def _note_control(self, tag: str, given: dict[str, str | None]) -> None:
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name:
            kind = given.get("type") or "text"
            if kind not in {"checkbox", "radio"} or "checked" in given:
                self.forms[-1].values.append((name, value))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1].values.append((self._select, value))


def read_page(text: str) -> PageReader:
    """Read a page."""
    reader = PageReader()
    reader.feed(text)
    return reader


def main_form(text: str) -> Form:
    """The page's own form, and not one of its frame: the longest one that is sent by POST."""
    forms = [form for form in read_page(text).forms if form.action not in {"/language", "/sign-out"}]
    return max((form for form in forms if form.method == "post"), key=lambda form: len(form.values))


def language_form(text: str) -> Form:
    """The form by which the reader chooses a language; that of a draft, below it, leads to English."""
    return next(form for form in read_page(text).forms if form.action == "/language")
