"""For how long a sign-in, a half of one, an invitation and a token are good; and the letters of codes."""

from datetime import timedelta
from typing import Final

# A working day; whoever works longer signs in again.
LONGEST_SIGN_IN: Final = timedelta(hours=12)
# Without a sign of life. Long enough for a long form on a bad line.
LONGEST_REST: Final = timedelta(hours=2)
# From the password to the second factor, setting one up included.
TIME_FOR_SECOND_FACTOR: Final = timedelta(minutes=15)
# From the button to the answer of an identity provider, a password and a code given there included.
TIME_AT_IDENTITY_PROVIDER: Final = timedelta(minutes=15)
INVITATION_LIFE: Final = timedelta(days=14)
LONGEST_TOKEN_LIFE_DAYS: Final = 366
LONGEST_DELEGATION: Final = timedelta(days=183)
# What is over is still shown to nobody, and forgotten after this time.
ENDED_SIGN_INS_KEPT_FOR: Final = timedelta(days=30)
# Letters and digits that nobody takes for one another: five bits each, nearly.
LETTERS_OF_CODES: Final = "abcdefghjkmnpqrstuvwxyz23456789"

# Where the signed cookie of a browser keeps the number of the person who signed in there.
PERSON_IN_COOKIE: Final = "person"
