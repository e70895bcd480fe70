"""The life of what a participant submits, in the steps of `lives.py`: from arrival to withdrawal.

A record counts in matching while it is submitted, acknowledged, authenticated or circulated
(`LIVE_RECORD_STATES`).
"""

from typing import Final

from lcm_service.domain.lives import COORDINATOR, NOTHING, Step

PARTICIPANT: Final = "the participant that has it"
BY_LETTER: Final = "a coordinator, by its letter"
AFTER_ITS_DAY: Final = "the service, after its last day"

_HERE: Final = ("submitted", "acknowledged", "authenticated", "circulated")

RECORD_STEPS: Final = (
    Step("save", (NOTHING,), ("draft",), (PARTICIPANT,), "nobody else reads it, nor is it counted anywhere"),
    Step("revise", ("draft",), ("draft",), (PARTICIPANT,)),
    Step("discard", ("draft",), (NOTHING,), (PARTICIPANT,), "nothing is kept of it but who did so"),
    Step("submit", ("draft",), ("submitted",), (PARTICIPANT,), "the round is open; it gets its reference"),
    Step("submit", (NOTHING,), ("submitted",), (PARTICIPANT, BY_LETTER), "the round is open"),
    Step("acknowledge", ("submitted",), ("acknowledged",), (COORDINATOR,)),
    Step(
        "authenticate",
        ("submitted", "acknowledged"),
        ("authenticated",),
        (COORDINATOR,),
        "a note verbale vouches for it",
    ),
    Step("authenticate", ("circulated",), ("circulated",), (COORDINATOR,), "its note verbale came later"),
    Step(
        "circulate",
        ("acknowledged", "authenticated"),
        ("circulated",),
        (COORDINATOR,),
        "all who take part are told of it; of a need only where its participant has agreed to be named",
    ),
    Step(
        "return",
        _HERE,
        ("returned",),
        (COORDINATOR,),
        "with questions, while no match stands on it; it takes no part until it is changed",
    ),
    Step(
        "revise",
        _HERE,
        _HERE,
        (PARTICIPANT, BY_LETTER),
        "a circulated need whose participant takes its consent back is what it was before",
    ),
    Step("revise", ("returned",), ("submitted",), (PARTICIPANT, BY_LETTER), "it is acknowledged anew"),
    Step(
        "withdraw",
        (*_HERE, "returned"),
        ("withdrawn",),
        (PARTICIPANT, BY_LETTER),
        "its matches are released",
    ),
    Step(
        "expire",
        _HERE,
        ("expired",),
        (AFTER_ITS_DAY,),
        "it takes part only where a match that stands already holds it",
    ),
    Step(
        "renew",
        ("expired",),
        ("submitted",),
        (PARTICIPANT, BY_LETTER),
        "with a new last day; it is acknowledged anew, and an earlier note verbale vouches for it no more",
    ),
)
CHANGEABLE_STATES: Final = ("draft", *_HERE, "returned")
# What its owner alone can bring back to take part, or has to leave.
STATES_THAT_WAIT_FOR_OWNERS: Final = ("returned", "expired", "draft")
# What a coordinator does in the name of the participant; all else it does in its own.
STEPS_BY_LETTER: Final = frozenset(
    ("withdraw_session", *(step.action for step in RECORD_STEPS if BY_LETTER in step.who))
)


def next_state(action: str, state: str) -> str | None:
    """Where a step leads a record that is in this state; ``None`` where it is not open."""
    for step in RECORD_STEPS:
        if step.action == action and state in step.before:
            return state if state in step.after else step.after[0]
    return None


def open_to_coordinators(state: str) -> tuple[str, ...]:
    """The steps that a coordinator can take, in its own name, with a record in this state."""
    return tuple(step.action for step in RECORD_STEPS if COORDINATOR in step.who and state in step.before)
