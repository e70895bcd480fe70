"""What a correction of a translated text may hold: it takes the place of a text that pages trust."""

import re
import unicodedata
from typing import Final

from lcm_service.domain.sentences import Sentence, sentence

LONGEST: Final = 2000
# Read from the left, as Python does: the second of two percent signs begins no placeholder.
_PIECE: Final = re.compile(r"%%|%\((\w+)\)s")
# Translated texts stand in pages as they are, in attributes too, and in the subject of a mail, which has one
# line by any of the characters that end one.
_MARKUP: Final = re.compile(r'[<>&"\x00-\x1f\x7f-\x9f\u2028\u2029]')
# Letters and signs that look like nothing all the same: fillers of Hangul, Braille without a dot, hieroglyphs
# that are room, and the head of a note that has none.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U0001d159")


def placeholders(text: str) -> frozenset[str]:
    """The names for which a page puts a value into the text."""
    return frozenset(name for name in _PIECE.findall(text) if name)


def with_blanks_of(released: str, text: str) -> str:
    """The text with the blanks before and after it that the released one has: a form trims what it is sent,
    and what parts the members of a list is nothing without its blank.
    """
    bare = released.strip()
    before, after = released.split(bare, 1) if bare else ("", "")
    return f"{before}{text.strip()}{after}"


def find_fault(original: str, text: str, *, is_for_one_number: bool) -> Sentence | None:
    """Why ``text`` cannot stand for the English ``original``; None where it can.

    A form of a plural that stands for one number alone may leave it out, as "one seat" does. In French the
    form of one is that of none too, and Chinese has one form for all.
    """
    if not any(_is_seen(sign) for sign in text):
        return sentence("Write the text, or take the correction back.")
    if len(text) > LONGEST:
        return sentence("The text is longer than %(most)s characters.", most=LONGEST)
    if _MARKUP.search(text):
        return sentence(
            "The text may hold no angle brackets, ampersands or straight double quotation marks, and no new "
            "line."
        )
    asked, given = placeholders(original), placeholders(text)
    if lacking := sorted(asked - given - ({"num"} if is_for_one_number else set())):
        return sentence("The text lacks %(names)s, for which pages put in a value.", names=_shown(lacking))
    if unknown := sorted(given - asked):
        return sentence("Pages know no value for %(names)s.", names=_shown(unknown))
    has_signs = any(not name for name in _PIECE.findall(text))
    if "%" in _PIECE.sub("", text) or (has_signs and "%%" not in original):
        return sentence("A percent sign is written twice, and only where the English text has one.")
    return None


def _is_seen(sign: str) -> bool:
    """Whether a character is seen where it stands alone: a letter, number, mark of punctuation or symbol, and
    none that joins, turns or parts others.
    """
    return unicodedata.category(sign)[0] in "LNPS" and sign not in _BLANK


def _shown(names: list[str]) -> tuple[str, ...]:
    return tuple(f"%({name})s" for name in names)
