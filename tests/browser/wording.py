"""What pages say in each language, by the English that tests are written in.

A journey is written once, in English, and walked in any language: what a reader presses and reads is looked
up in the catalogue, so a text that was not translated is not found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from babel.messages.mofile import read_mo

TRANSLATIONS = Path(__file__).resolve().parents[2] / "lcm_service" / "translations"
OWN_NAMES = {
    "en": "English",
    "ar": "العربية",
    "es": "Español",
    "fr": "Français",
    "ru": "Русский",
    "zh": "中文",
}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# A fragment that stands in more texts than this says nothing about a page.
MOST_TEXTS = 4


@dataclass(frozen=True)
class Wording:
    """The words of the pages in one language."""

    language: str = "en"

    def button(self, english: str) -> str | re.Pattern[str]:
        """The whole name of a button or a link; its values, as the number of a plan, are the English ones."""
        if self.language == "en":
            return english
        found = [
            (len(PLACEHOLDER.sub("", message)), PLACEHOLDER.sub(partial(_value, match), text))
            for message, text in _texts(self.language)
            if (match := re.fullmatch(_with_groups(message), english))
        ]
        assert found, f"no text of the pages reads {english!r}"
        # Some texts are nearly all values: the one with most words of its own is meant.
        return re.compile(rf"^\s*{re.escape(max(found)[1])}\s*$")

    def part(self, english: str) -> re.Pattern[str]:
        """A piece of one text: in another language, the whole text that holds it, whatever its values are."""
        if self.language == "en":
            return re.compile(re.escape(english))
        texts = {text for message, text in _texts(self.language) if english in message}
        assert 0 < len(texts) <= MOST_TEXTS, f"{len(texts)} texts of the pages hold {english!r}"
        return re.compile("|".join(sorted(map(_whatever_its_values, texts))), re.DOTALL)


def _value(match: re.Match[str], name: re.Match[str]) -> str:
    return match.group(name.group(1))


def _with_groups(message: str) -> str:
    parts = PLACEHOLDER.split(message)
    return "".join(
        f"(?P<{part}>.+)" if number % 2 else re.escape(part.replace("%%", "%"))
        for number, part in enumerate(parts)
    )


def _whatever_its_values(text: str) -> str:
    words = (re.escape(part.replace("%%", "%")) for part in PLACEHOLDER.split(text)[::2])
    return ".+?".join(words)


@cache
def _texts(language: str) -> tuple[tuple[str, str], ...]:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        return tuple(_pairs(file))


def _pairs(file: object) -> Iterator[tuple[str, str]]:
    for one in read_mo(file):  # type: ignore[arg-type]
        if isinstance(one.id, str):
            yield one.id, str(one.string)
            continue
        for text in one.string if not isinstance(one.string, str) else (one.string,):
            yield one.id[0], text
            yield one.id[1], text
