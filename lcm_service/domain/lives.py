"""The lives of a match, a plan and a round: which step leads from which state to which, and by whom.

Services ask here whether a side's step is open; `tools/states.py` writes `docs/states.md` from here, and a
test holds the two together.
"""

from dataclasses import dataclass
from typing import Final

# Where a life begins.
NOTHING: Final = "-"
SIDE: Final = "a side of the match"
LETTER: Final = "a coordinator, by a side's letter"
COORDINATOR: Final = "a coordinator"
OWNER: Final = "whoever withdraws the record"
SERVICE: Final = "the service, at the deadline"


@dataclass(frozen=True, slots=True)
class Step:
    """From any of these states to one of those, by one of these; ``when`` says what else must hold."""

    action: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    who: tuple[str, ...]
    when: str = ""


MATCH_STEPS: Final = (
    Step(
        "propose",
        (NOTHING, "released", "lapsed"),
        ("proposed",),
        (COORDINATOR,),
        "a plan is published that holds the pair; what was answered before is asked anew",
    ),
    Step(
        "grow",
        ("proposed", "agreed"),
        ("proposed",),
        (COORDINATOR,),
        "a plan is published that gives the pair more seats; a side that declined more is not asked again",
    ),
    Step(
        "confirm",
        ("proposed",),
        ("proposed", "agreed"),
        (SIDE, LETTER, COORDINATOR),
        "no question about the pair is open and the records speak for it; agreed once all three have",
    ),
    Step(
        "decline",
        ("proposed", "lapsed"),
        ("declined",),
        (SIDE, LETTER, COORDINATOR),
        "with a reason; the pair is not proposed again",
    ),
    Step(
        "decline_agreed",
        ("agreed",),
        ("declined",),
        (LETTER, COORDINATOR),
        "with a reason; the pair is not proposed again",
    ),
    Step(
        "decline_more",
        ("proposed",),
        ("proposed", "agreed"),
        (SIDE, LETTER),
        "the side had confirmed fewer seats: those stand",
    ),
    Step(
        "release",
        ("proposed", "agreed"),
        ("released",),
        (COORDINATOR, OWNER),
        "pressed, chosen as a way out of a clash, or a record is withdrawn; the pair may be proposed again",
    ),
    Step("lapse", ("proposed",), ("lapsed",), (SERVICE,), "a side has not answered; the pair is not banned"),
    Step(
        "lapse_more",
        ("proposed",),
        ("proposed", "agreed"),
        (SERVICE,),
        "both sides had confirmed fewer seats: those stand",
    ),
    Step(
        "revive",
        ("lapsed",),
        ("proposed",),
        (SIDE, LETTER),
        "its plan is still the published one and the records speak for it",
    ),
)
PLAN_STEPS: Final = (
    Step("store", (NOTHING,), ("draft",), ("the worker",), "the plan was verified"),
    Step("publish", ("draft",), ("published",), (COORDINATOR,), "nothing decided since contradicts it"),
    Step("discard", ("draft",), ("discarded",), (COORDINATOR,)),
    Step("supersede", ("draft", "published"), ("superseded",), (COORDINATOR,), "another plan is published"),
)
ROUND_STEPS: Final = (
    Step("open", (NOTHING,), ("open",), (COORDINATOR,)),
    Step("close", ("open",), ("closed",), (COORDINATOR,), "what is under way goes on"),
    Step("reopen", ("closed",), ("open",), (COORDINATOR,)),
)
LIVES: Final = {"match": MATCH_STEPS, "plan": PLAN_STEPS, "round": ROUND_STEPS}


def states_before(kind: str, *actions: str) -> tuple[str, ...]:
    """The states in which one of these steps is open."""
    steps = [step for step in LIVES[kind] if step.action in actions]
    if {step.action for step in steps} != set(actions):
        raise ValueError(f"A {kind} knows no step among {actions}.")
    return tuple(dict.fromkeys(state for step in steps for state in step.before))
