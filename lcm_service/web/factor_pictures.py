"""The secret of a second factor as a picture that a telephone reads, and as letters to type."""

from dataclasses import dataclass

import segno

from lcm_service.services.second_factor import Enrolment

# Pixels of one module of the picture, and the empty margin that readers want around it (ISO/IEC 18004).
MODULE_PIXELS = 5
MARGIN_MODULES = 4


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """``picture`` is an address that holds the picture itself; ``letters`` are in groups of four; ``sealed``
    comes back with the form.
    """

    picture: str
    letters: str
    sealed: str


def view_enrolment(enrolment: Enrolment) -> EnrolmentView:
    """The picture is black on white in light and dark, for readers want it so."""
    code = segno.make(enrolment.address, error="m", micro=False)
    picture = code.svg_data_uri(scale=MODULE_PIXELS, border=MARGIN_MODULES, dark="#000", light="#fff")
    secret = enrolment.secret
    letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return EnrolmentView(picture, letters, enrolment.sealed)
