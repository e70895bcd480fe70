"""A stored plan as its page shows it: rows of codes with their labels, made from the plan's own documents.

Nothing is decided and nothing is computed anew: what a plan says was stored with it, and the labels that were
stored beside it put the names back.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from lcm_service.domain.assumptions import are_seats_assumed
from lcm_service.services.match_views import MatchView
from lcm_service.services.session_views import SessionOfMatch
from lcm_service.web import reasons, showing, words

Labels = Mapping[str, Any]
Document = Mapping[str, Any]
# More of them are in the export; a page that lists hundreds helps nobody to decide.
NEAREST_SHOWN = 3


@dataclass(frozen=True)
class Names:
    """Names for the codes of one plan, in the reader's language, from the labels stored with it."""

    labels: Labels

    def _part(self, kind: str, code: str) -> Mapping[str, Any]:
        part: Mapping[str, Any] = (self.labels.get(kind) or {}).get(code) or {}
        return part

    def participant(self, code: str | None) -> Markup:
        return showing.named(self._part("participants", code or ""), code or "–")

    def place(self, code: str | None) -> Markup | None:
        return None if code is None else showing.named(self._part("places", code), code)

    def areas(self, codes: Sequence[str] | None) -> Markup | None:
        return showing.listed(codes, self.area)

    def area(self, code: str) -> Any:
        return _("Any subject") if code == "any" else showing.named(self._part("areas", code), code)

    def need(self, code: str) -> Mapping[str, Any]:
        return self._part("needs", code)

    def session(self, code: str) -> Mapping[str, Any]:
        return self._part("sessions", code)

    def support(self, code: str) -> Mapping[str, Any]:
        return self._part("supports", code)

    def recipient_of(self, need: str) -> Markup:
        return self.participant(self.need(need).get("recipient"))

    def provider_of(self, session: str) -> Markup:
        return self.participant(self.session(session).get("provider"))

    def days_of(self, session: str) -> str | None:
        """The session's days; where they are not fixed, the time in which it can be held."""
        label = self.session(session)
        if label.get("start") or label.get("end"):
            return showing.days(label.get("start"), label.get("end"))
        window = showing.days(label.get("not_before"), label.get("not_after"))
        return None if window is None else _("between %(days)s", days=window)

    def record_of(self, code: str) -> tuple[str, str, Any]:
        """(kind, reference, title) of the record that a question is about: for a session, its offer."""
        if code in (self.labels.get("sessions") or {}):
            label = self.session(code)
            return "offer", str(label["offer"]), label.get("title")
        for kind, part in (("need", "needs"), ("offer", "offers"), ("support", "supports")):
            if code in (self.labels.get(part) or {}):
                return kind, code, self._part(part, code).get("title")
        return "participant", code, self.participant(code)


def days_of_session(session: SessionOfMatch) -> str | None:
    """The days of a match's session; where they are not fixed, the time in which it can be held."""
    if session.start or session.end:
        return showing.days(session.start, session.end)
    window = showing.days(session.not_before, session.not_after)
    return None if window is None else _("between %(days)s", days=window)


def _filled(sentence: str, **parts: Any) -> Markup:
    """A translated sentence with its parts set in; names keep their marks, anything else is escaped."""
    return Markup(sentence) % parts  # noqa: S704 - the sentence is the catalogue's own


def why_matched(names: Names, assignment: Document) -> list[Any]:
    """What speaks for a pair of a plan, a short line each, from the labels stored with the plan."""
    need, session = names.need(assignment["need"]), names.session(assignment["session"])
    lines = _what_both_share(need, session, names.area)
    if assignment.get("bridged_by"):
        language = showing.language_name(assignment["bridged_by"])
        lines.append(_filled(_("With interpretation into %(language)s"), language=language))
    if session.get("start") and need.get("earliest") and need.get("latest"):
        asked = showing.days(need["earliest"], need["latest"])
        lines.append(_filled(_("The dates lie within what was asked: %(days)s"), days=asked))
    return lines


def why_both_agree(match: MatchView) -> list[Any]:
    """The same for one match, from what both of its sides may see."""
    need, session = asdict(match.need), asdict(match.session)
    lines = _what_both_share(need, session, showing.area)
    if match.is_firm:
        lines.append(_("Every rule of the matching says yes to it."))
    return lines


def _what_both_share(need: Labels, session: Labels, show_area: Callable[[str], Any]) -> list[Any]:
    """Subjects, languages and level that need and session have in common.

    What one of them has not stated is shared by nobody: it is a question, and no reason for a match.
    """
    lines: list[Any] = []
    shared_areas = _shared(need.get("areas"), session.get("areas"))
    if shared_areas:
        lines.append(_filled(_("Subject: %(names)s"), names=showing.listed(shared_areas, show_area)))
    shared_languages = _shared(need.get("languages"), session.get("languages"))
    if shared_languages:
        names = showing.listed(shared_languages, showing.language_name)
        lines.append(_filled(_("Language: %(names)s"), names=names))
    if need.get("level") and need.get("level") == session.get("level"):
        lines.append(_filled(_("Level: %(name)s"), name=words.word("level", need["level"])))
    return lines


def _shared(one: Sequence[str] | None, other: Sequence[str] | None) -> list[str]:
    """What two lists have in common; where one of them says any, the other's."""
    if not one or not other:
        return []
    if "any" in one or "any" in other:
        return [code for code in (other if "any" in one else one) if code != "any"][:3]
    return [code for code in one if code in other]


def fit_of(explanation: Document, shown: Sequence[Document]) -> dict[tuple[str, str], str]:
    """For each match that is shown, how its fit comes about: the parts that were weighed, in words."""
    parts: dict[tuple[str, str], str] = {}
    pairs = {(row["need"], row["session"]) for row in shown}
    for row in explanation.get("matches") or ():
        if row.get("fit_parts") and (row["need"], row["session"]) in pairs:
            words_of_parts = [
                f"{reasons.FIT_PARTS.get(name, name)} {value}" for name, value in row["fit_parts"].items()
            ]
            parts[row["need"], row["session"]] = showing.in_one_line(words_of_parts)
    return parts


def waiting_of(explanation: Document) -> dict[str, Sequence[Document]]:
    """For each need short of seats, the sessions that would suit if their questions were answered well."""
    return {row["need"]: row["waiting"] for row in explanation.get("unmet") or () if row.get("waiting")}


@dataclass
class QuestionsOfRecord:
    """The open questions of one record of a plan. ``seats`` hang on the one on which most do."""

    kind: str
    reference: str
    record: str
    title: Any
    seats: int
    fields: list[str]

    @property
    def names(self) -> Markup | None:
        """What is asked, a word or two each."""
        return showing.listed(self.fields, field_name)

    @property
    def sentences(self) -> list[Any]:
        """The questions in full."""
        return [reasons.question_sentence(self.kind, name) for name in self.fields]


def question_rows(names: Names, document: Document) -> list[QuestionsOfRecord]:
    """The open questions of a plan gathered by record, most seats first: one owner answers them together."""
    rows: dict[str, QuestionsOfRecord] = {}
    for question in document.get("questions") or ():
        record = question["record"]
        if record not in rows:
            kind, reference, title = names.record_of(record)
            rows[record] = QuestionsOfRecord(kind, reference, record, title, 0, [])
        rows[record].seats = max(rows[record].seats, question["seats"])
        rows[record].fields.append(question["field"])
    return sorted(rows.values(), key=lambda row: -row.seats)


@dataclass
class SeatsOfParticipant:
    """What a plan changes for one participant: seats given to its needs, seats taken in its sessions."""

    received_before: int = 0
    received: int = 0
    given_before: int = 0
    given: int = 0

    @property
    def is_changed(self) -> bool:
        return (self.received, self.given) != (self.received_before, self.given_before)


def difference_by_participant(
    difference: Document, names: Names, names_before: Names
) -> tuple[list[tuple[Markup, SeatsOfParticipant]], int]:
    """The participants for which a plan changes the seats, those that lose most first, and for how many it
    changes none. A record that was withdrawn since is known by the labels of the plan before.
    """
    seats: dict[str, SeatsOfParticipant] = defaultdict(SeatsOfParticipant)
    for row in (row for kind in ("kept", "added", "lost", "changed") for row in difference[kind]):
        need = names.need(row["need"]) or names_before.need(row["need"])
        session = names.session(row["session"]) or names_before.session(row["session"])
        recipient, provider = seats[need.get("recipient", "–")], seats[session.get("provider", "–")]
        recipient.received_before += row["old_seats"]
        recipient.received += row["new_seats"]
        provider.given_before += row["old_seats"]
        provider.given += row["new_seats"]
    changed = {code: one for code, one in seats.items() if one.is_changed}
    order = sorted(
        changed,
        key=lambda code: (changed[code].received - changed[code].received_before, code),
    )
    return [(_name_in(code, names, names_before), changed[code]) for code in order], len(seats) - len(changed)


def _name_in(code: str, names: Names, names_before: Names) -> Markup:
    known = code in (names.labels.get("participants") or {})
    return (names if known else names_before).participant(code)


def field_name(field: str) -> Any:
    """What a question is about, in a word or two."""
    return reasons.QUESTION_NAMES.get(field, field)


def short_questions(names: Names, assignment: Document) -> list[Any]:
    """What is still to be asked before a match is firm: each question once, whichever record it is about."""
    sentences = {}
    for question in assignment.get("questions") or ():
        kind, _reference, _title = names.record_of(question["record"])
        sentences[kind, question["field"]] = reasons.question_sentence(kind, question["field"])
    return list(sentences.values())


def nearest_rows(unmet: Document) -> tuple[list[Document], int]:
    """The sessions that came nearest, and how many more there are."""
    nearest = list(unmet.get("nearest") or ())
    return nearest[:NEAREST_SHOWN], max(0, len(nearest) - NEAREST_SHOWN)


def certificate(document: Document) -> dict[str, Any]:
    """What the plan claims: each objective with its value and bound, and whether nothing can be better.

    A bound is for plans that hold what is reached in the objectives before, so what comes after an open one
    is not proven: a better plan there may have another value here.
    """
    rows, is_proven = [], True
    for row in document.get("objectives") or ():
        is_proven = is_proven and row["value"] == row["bound"]
        sentence = reasons.OBJECTIVES.get(row["name"], row["name"])
        rows.append(
            {"sentence": sentence, "value": row["value"], "bound": row["bound"], "is_proven": is_proven}
        )
    solver = document.get("solver") or {}
    stopped_by = solver.get("stopped_by")
    return {
        "rows": rows,
        "is_proven": document.get("outcome") == "optimal",
        "sentence": reasons.OUTCOMES.get(document.get("outcome", ""), ""),
        "stopped": reasons.STOPPED_BY.get(stopped_by, stopped_by) if stopped_by else None,
        "solver": solver,
    }


def is_shortage_assumed(names: Names, document: Document, unmet: Document) -> bool:
    """Whether the seats that a need is short of are counted from a number that nobody has recognised.

    A need that asks for no more than is planned with counts as it asks, and its shortage is no assumption.
    """
    need = names.need(unmet["need"])
    if need.get("seats") is not None:
        return False
    placed = sum(row["seats"] for row in document["assignments"] if row["need"] == unmet["need"])
    return bool(need.get("seats_asked") != placed + unmet["seats_short"])


def totals(document: Document) -> dict[str, int]:
    """The numbers at the head of a plan."""
    assignments = document.get("assignments") or ()
    return {
        "seats": sum(row["seats"] for row in assignments),
        "assumed_seats": sum(row["seats"] for row in assignments if are_seats_assumed(row)),
        "firm_seats": sum(row["seats"] for row in assignments if row["firm"]),
        "needs": len({row["need"] for row in assignments}),
        "sessions": len(document.get("sessions") or ()),
        "unmet": len(document.get("unmet") or ()),
        "questions": len(document.get("questions") or ()),
    }
