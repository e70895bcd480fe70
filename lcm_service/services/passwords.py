"""Passwords: how they are kept, compared, and which are refused because others would guess them."""

import secrets
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from lcm_service.domain.sentences import Sentence, sentence

# argon2id with the library's present defaults (64 MiB, three passes).
HASHER = PasswordHasher()

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
# About how many guesses a password must withstand of one who tries common passwords, names, words and
# patterns first. Hashes are dear to try, so that this many take months; sign-ins are throttled.
FEWEST_GUESSES: Final = 10**10
# The part of a password that guesses are counted for: counting takes longer the longer the text.
LENGTH_THAT_IS_WEIGHED: Final = 32
LONGEST_WORDS_ABOUT: Final = 254
# The keys of three rows as they lie under one's fingers: Latin, Russian (ЙЦУКЕН) and Arabic (101), where the
# key that gives two letters stands as their ligature.
LATIN_KEYS: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,./"
KEYBOARDS: Final = ("йцукенгшщзхъфывапролджэячсмитьбю.", "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرﻻىةوزظ")
BY_POSITION: Final = {
    ord(letter): latin
    for keys in KEYBOARDS
    for letter, latin in zip(keys, LATIN_KEYS, strict=True)
    if not letter.isascii()
}
# Words that stand close to everybody's mind here.
WORDS_OF_THE_MECHANISM: Final = (
    "light coordination mechanism",
    "lcm",
    "peacekeeping",
    "peacekeeper",
    "united nations",
    "resolution 2518",
)

PASSWORD_LENGTH = sentence("A password has between 12 and 200 characters.")
EASY_TO_GUESS = sentence(
    "This password is easy to guess: it is common, or made of names, dates or keys that lie side by side. "
    "Take four or more words that have nothing to do with each other."
)


def hash_of(password: str) -> str:
    """What is kept of a password."""
    return HASHER.hash(_plain(password))


def is_password(kept_hash: str | None, password: str) -> bool:
    """Whether this is the password that was kept; without one, no, after the same work."""
    try:
        HASHER.verify(kept_hash or _hash_of_nobody(HASHER), _plain(password))
    except VerifyMismatchError:
        return False
    return kept_hash is not None


def is_outdated(kept_hash: str) -> bool:
    """Whether the hash is of an older strength, to be made anew when its password is at hand."""
    return HASHER.check_needs_rehash(kept_hash)


def password_faults(password: str, about: Iterable[str] = ()) -> list[Sentence]:
    """What is wrong with a password that someone chose; ``about`` are words that belong to the person.

    Length and guessability alone count (NIST SP 800-63B, 3.1.1; ASVS 5, 6.2): no letters of any kind are
    asked for.
    """
    plain = _plain(password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        return [PASSWORD_LENGTH]
    whole = [words[:LONGEST_WORDS_ABOUT] for words in (*about, *WORDS_OF_THE_MECHANISM)]
    near = [part for words in whole for part in (words, *words.split()) if part]
    weighed = plain[:LENGTH_THAT_IS_WEIGHED]
    # A walk along the keys is as easy to guess on a keyboard of another script.
    digits = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in weighed.lower())
    ways = {weighed, digits.translate(BY_POSITION)}
    fewest = min(zxcvbn(way, user_inputs=near)["guesses"] for way in ways)
    return [EASY_TO_GUESS] if fewest < FEWEST_GUESSES else []


def _plain(password: str) -> str:
    """The same password typed on two keyboards is the same text.

    Longer ones than may be set are cut first: putting a flood of signs in order takes minutes.
    """
    return unicodedata.normalize("NFC", password[: 4 * LONGEST_PASSWORD])[: LONGEST_PASSWORD + 1]


@lru_cache(maxsize=2)
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash that no password fits, as dear to check as anybody's."""
    return hasher.hash(secrets.token_urlsafe(32))
