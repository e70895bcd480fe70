"""What a correction of a translated text may hold: it takes the place of a text that pages trust."""

import re
from typing import Final

from lcm_service.domain.sentences import Sentence, sentence

LONGEST: Final = 2000
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
# Translated texts stand in pages as they are, in attributes too.
_MARKUP: Final = re.compile(r'[<>&"\x00-\x1f\x7f]')


def placeholders(text: str) -> frozenset[str]:
    """The names for which a page puts a value into the text."""
    return frozenset(_PLACEHOLDER.findall(text))


def find_fault(original: str, text: str, *, is_plural: bool) -> Sentence | None:
    """Why ``text`` cannot stand for the English ``original``; None where it can.

    One form of a plural may leave the number out, as "one seat" does.
    """
    if not text.strip():
        return sentence("Write the text, or take the correction back.")
    if len(text) > LONGEST:
        return sentence("The text is longer than %(most)s characters.", most=LONGEST)
    if _MARKUP.search(text):
        return sentence(
            "The text may hold no angle brackets, ampersands or straight double quotation marks, and no new "
            "line."
        )
    asked, given = placeholders(original), placeholders(text)
    if lacking := sorted(asked - given - ({"num"} if is_plural else set())):
        return sentence("The text lacks %(names)s, for which pages put in a value.", names=_shown(lacking))
    if unknown := sorted(given - asked):
        return sentence("Pages know no value for %(names)s.", names=_shown(unknown))
    rest, signs = _PLACEHOLDER.sub("", text), "%%" in original
    if "%" in (rest.replace("%%", "") if signs else rest):
        return sentence("A percent sign is written twice, and only where the English text has one.")
    return None


def _shown(names: list[str]) -> tuple[str, ...]:
    return tuple(f"%({name})s" for name in names)
