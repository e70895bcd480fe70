"""In which steps the forms of needs, offers and supports are filled in: their fields, a few on each page.

A step is a grouping and nothing more. It takes the fields as the forms declare them, and what is typed in it
is read and judged by the same schema and the same rules. A test holds that each field of a form stands in
exactly one step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _

from lcm_service.web import need_fields, offer_fields, support_fields
from lcm_service.web.fields import Field, Section

# Said in an address of a step that leads back to the check.
BACK_TO_CHECK = "check"


@dataclass(frozen=True)
class Step:
    """Some fields of a form on a page of their own; ``rows`` are the parts of it that are rows.

    ``code`` stands in its address and in what is kept of a draft.
    """

    code: str
    title: Any
    fields: tuple[Field, ...]
    rows: tuple[str, ...] = ()
    hint: Any = None

    @property
    def sections(self) -> tuple[Section, ...]:
        return (Section(self.title, self.fields),)

    @property
    def names(self) -> tuple[str, ...]:
        """All that it asks."""
        return (*(one.name for one in self.fields), *self.rows)


def _of(sections: Sequence[Section], *names: str) -> tuple[Field, ...]:
    """The fields of a form that have these names, in this order."""
    known = {one.name: one for section in sections for one in section.fields}
    return tuple(known[name] for name in names)


_NEED, _OFFER, _SUPPORT = need_fields.SECTIONS, offer_fields.SECTIONS, support_fields.SECTIONS

NEED_STEPS = (
    Step(
        "what",
        _("What is needed, and for whom"),
        _of(_NEED, "title", "subject", "areas", "level", "personnel", "audience"),
    ),
    Step(
        "seats",
        _("How many seats, and how urgent"),
        _of(_NEED, "seats_asked", "women", "min_group", "max_groups", "whole", "priority_asked"),
    ),
    Step(
        "dates",
        _("Languages, form and dates"),
        _of(_NEED, "languages", "modes", "trainees_place", "earliest", "latest", "deploys_on"),
    ),
    Step(
        "why",
        _("Why it is needed, and what else is known"),
        _of(
            _NEED,
            "phase",
            "mission_code",
            "basis",
            "basis_reference",
            "contribution",
            "prior_support",
            "detail",
            "expires_on",
            "visibility_consent",
        ),
    ),
)
OFFER_STEPS = (
    Step(
        "what",
        _("What is offered"),
        _of(_OFFER, "title", "subject", "areas", "level", "languages", "personnel"),
    ),
    Step(
        "seats",
        _("Who can take part, and how many"),
        _of(
            _OFFER,
            "only",
            "except",
            "women_only",
            "seats",
            "min_seats",
            "max_recipients",
            "max_per_recipient",
        ),
    ),
    Step(
        "place",
        _("Form, place and what it requires"),
        _of(_OFFER, "mode", "place_code", "venue", "implementer", "partners", "occupies_team"),
        rows=("requires",),
    ),
    Step(
        "dates",
        _("Dates"),
        _of(_OFFER, "not_before", "not_after", "duration_days", "max_sessions"),
        rows=("sessions",),
        hint=offer_fields.DATES.hint,
    ),
    Step(
        "terms",
        _("Conditions and what else is known"),
        _of(
            _OFFER,
            "cost_terms",
            "preconditions",
            "un_standard",
            "recognised_until",
            "detail",
            "expires_on",
            "visibility_consent",
        ),
        rows=("costs",),
    ),
)
SUPPORT_STEPS = (
    Step(
        "what",
        _("What is given"),
        _of(_SUPPORT, "title", "kind", "quantity", "amount_as_stated", "per_session", "languages", "detail"),
    ),
    Step(
        "use",
        _("What it can be used for"),
        _of(_SUPPORT, "usable_from", "usable_to", "only", "areas", "places", "expires_on"),
    ),
)
STEPS: Mapping[str, tuple[Step, ...]] = {
    "needs": NEED_STEPS,
    "offers": OFFER_STEPS,
    "supports": SUPPORT_STEPS,
}

# What answers a question of the optimizer, where it bears another name.
ANSWERED_BY: Mapping[str, Mapping[str, str]] = {
    "needs": {"seats": "seats_asked", "priority": "priority_asked", "place": "trainees_place"},
    "offers": {"start": "sessions", "end": "sessions", "place": "place_code"},
    "supports": {},
}


def find_step(area: str, code: str) -> Step | None:
    """The step with this code."""
    return next((one for one in STEPS[area] if one.code == code), None)


def is_kept(record: Any, step: Step) -> bool:
    """Whether the writer of a draft has kept the step; a draft that was written at once has no step left."""
    return record.kept_steps is None or step.code in record.kept_steps


def step_address(area: str, record: Any, step: Step) -> str:
    """The page of a step of a draft."""
    return url_for(f"{area}.step", reference=record.reference, step=step.code)


def check_address(area: str, record: Any) -> str:
    """The page on which the whole draft is checked."""
    return url_for(f"{area}.check", reference=record.reference)


def go_on_address(area: str, record: Any) -> str:
    """Where the writing of a draft goes on: at the first step that was not kept, else with the check."""
    left = next((one for one in STEPS[area] if not is_kept(record, one)), None)
    return check_address(area, record) if left is None else step_address(area, record, left)


def addresses_of_fields(area: str, record: Any) -> dict[str, str]:
    """Field -> where it is changed, and from where the way leads back to the check."""
    return {
        name: f"{step_address(area, record, one)}?back={BACK_TO_CHECK}#{name}"
        for one in STEPS[area]
        for name in one.names
    }


def address_of_question(area: str, addresses: Mapping[str, str], question: str) -> str:
    """Where a question that is open about a record is answered."""
    return addresses[ANSWERED_BY[area].get(question, question)]
