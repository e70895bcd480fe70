"""The lives of a match, its parts and days, its delivery, a plan and a round: which step leads from which
state to which, and by whom.

Services ask here whether a side's step is open; `tools/states.py` writes `docs/states.md` from here, and a
test holds the two together.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from lcm_service.domain.vocabulary import PARTIES

# Where a life begins.
NOTHING: Final = "-"
SIDE: Final = "a side of the match"
RECIPIENT: Final = "the recipient"
PROVIDER: Final = "the provider"
PARTY: Final = "the owner of the support"
LETTER: Final = "a coordinator, by a side's letter"
COORDINATOR: Final = "a coordinator"
OWNER: Final = "whoever withdraws the record"
SERVICE: Final = "the service, at the deadline"
AUTHOR: Final = "who proposed the days"
ASKED: Final = "who is asked"
OTHER_COORDINATOR: Final = "a coordinator who did not put it forward"

# Who confirms after whom: the recipient last of the two sides, then the secretariat records.
CONFIRMING_ORDER: Final = ("provider", "recipient", "secretariat")
# These wait for the other parties of their session; the provider does not.
AFTER_PARTIES: Final = ("recipient", "secretariat")


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
        "ask",
        (NOTHING, "asked", "released", "lapsed"),
        ("asked",),
        (COORDINATOR,),
        "a plan is published that holds the pair; the recipient alone is asked, and anew what was answered",
    ),
    Step(
        "consent",
        ("asked",),
        ("proposed",),
        (RECIPIENT, LETTER),
        "the recipient agrees to be put to the provider; only now does the provider see it",
    ),
    Step(
        "cut",
        ("asked", "proposed", "agreed"),
        ("proposed",),
        (COORDINATOR,),
        "a plan is published that cuts the pair, as chosen, to no more seats than the provider knows of, and "
        "its need says what was put to the provider",
    ),
    Step(
        "grow",
        ("asked", "proposed", "agreed"),
        ("asked",),
        (COORDINATOR,),
        "a plan is published that gives the pair more seats; a side that declined more is not asked again",
    ),
    Step(
        "confirm",
        ("proposed",),
        ("proposed", "agreed"),
        (SIDE, LETTER, COORDINATOR),
        "in turn: provider, recipient, secretariat, the last two once all other parties of the session have "
        "confirmed their part; no question about the pair is open and the records speak for it; agreed once "
        "all three have",
    ),
    Step(
        "confirm_known",
        ("asked",),
        ("asked",),
        (PROVIDER,),
        "the recipient is asked for more seats than the provider knows of: those that it knows",
    ),
    Step(
        "accept_fewer",
        ("asked", "proposed"),
        ("proposed", "agreed"),
        (SIDE, LETTER),
        "the side whose turn it is, or the recipient for as many as the parties have confirmed for, with a "
        "reason: the seats that it accepts; what was confirmed for more covers them, the rest is free",
    ),
    Step(
        "decline",
        ("asked", "proposed", "lapsed"),
        ("declined",),
        (SIDE, LETTER, COORDINATOR),
        "with a reason; the pair is not proposed again; a provider that was not asked has nothing to "
        "decline; what the side had confirmed, or all had agreed, for fewer seats is declined by letter "
        "alone",
    ),
    Step(
        "decline_agreed",
        ("agreed",),
        ("declined",),
        (LETTER, COORDINATOR),
        "with a reason; the pair is not proposed again; never once it was delivered",
    ),
    Step(
        "decline_more",
        ("asked", "proposed"),
        ("proposed", "agreed"),
        (SIDE, LETTER),
        "the side had confirmed fewer seats, or agreed to be put for fewer, or all had agreed for fewer: "
        "those stand; by a letter where it says so",
    ),
    Step(
        "release",
        ("asked", "proposed", "agreed"),
        ("released",),
        (COORDINATOR, OWNER),
        "pressed, chosen as a way out of a clash, or a record is withdrawn; the pair may be proposed again; "
        "never once it was delivered",
    ),
    Step(
        "lapse",
        ("asked", "proposed"),
        ("lapsed",),
        (SERVICE,),
        "the side whose turn it is has not answered, or another party its part; the pair is not banned",
    ),
    Step(
        "lapse_more",
        ("asked", "proposed"),
        ("proposed", "agreed"),
        (SERVICE, SIDE, LETTER),
        "both sides had confirmed fewer seats, or the provider knows of fewer: those stand; or the course of "
        "those was delivered meanwhile",
    ),
    Step(
        "revive",
        ("lapsed",),
        ("asked", "proposed"),
        (SIDE, LETTER),
        "its plan is still the published one and the records speak for it; asked where the provider was not",
    ),
)
PART_STEPS: Final = (
    Step(
        "plan",
        (NOTHING, "planned", "released", "lapsed"),
        ("planned",),
        (COORDINATOR,),
        "a plan is published that sets the support aside for the session; its owner knows nothing of it",
    ),
    Step(
        "ask_part",
        ("planned", "confirmed", "asked", "released", "lapsed"),
        ("asked",),
        (RECIPIENT, LETTER),
        "a recipient has agreed to be put, none of the session is still asked, and more is drawn on than is "
        "confirmed",
    ),
    Step(
        "confirm",
        ("asked",),
        ("confirmed",),
        (PARTY, LETTER),
        "the quantity that is asked; a lower one is confirmed with it",
    ),
    Step(
        "decline",
        ("asked", "confirmed", "lapsed"),
        ("declined",),
        (PARTY, LETTER),
        "with a reason; the support is not used for the session again; once a match there is agreed, by "
        "letter; never once the course was held",
    ),
    Step(
        "decline_rest",
        ("asked",),
        ("confirmed",),
        (PARTY, LETTER),
        "it had confirmed less: that stands",
    ),
    Step(
        "stand",
        ("asked",),
        ("confirmed",),
        (SIDE, COORDINATOR, SERVICE),
        "no more is drawn on than it had confirmed",
    ),
    Step(
        "release",
        ("planned", "asked", "confirmed"),
        ("released",),
        (COORDINATOR, SIDE, SERVICE),
        "nothing of the session that was put stands any more, or a plan is published without the support "
        "there",
    ),
    Step(
        "withdraw",
        ("planned", "asked", "confirmed", "lapsed"),
        ("declined",),
        (OWNER,),
        "the support itself is withdrawn; what a course took that was held stands",
    ),
    Step(
        "lapse",
        ("asked",),
        ("lapsed",),
        (SERVICE,),
        "its owner has not answered; so do the matches that wait for it",
    ),
    Step(
        "lapse_rest",
        ("asked",),
        ("confirmed",),
        (SERVICE,),
        "it had confirmed less: that stands",
    ),
)
PLAN_STEPS: Final = (
    Step("store", (NOTHING,), ("draft",), ("the worker",), "the plan was verified"),
    Step(
        "put_forward",
        ("draft",),
        ("put_forward",),
        (COORDINATOR,),
        "nothing decided since contradicts it, and no other plan of the round is on its way",
    ),
    Step(
        "approve",
        ("put_forward",),
        ("approved",),
        (OTHER_COORDINATOR,),
        "nothing decided since contradicts it; from now on it is held for the minutes of the round",
    ),
    Step("take_back", ("put_forward", "approved"), ("draft",), (COORDINATOR,), "nothing has left yet"),
    Step("publish", ("approved",), ("published",), ("the service, when it was held long enough",)),
    Step(
        "hold_back",
        ("approved",),
        ("draft",),
        ("the service, when it was held long enough",),
        "something decided since contradicts it",
    ),
    Step("discard", ("draft",), ("discarded",), (COORDINATOR,)),
    Step(
        "supersede",
        ("draft", "published"),
        ("superseded",),
        ("the service, when another is published",),
    ),
)
ROUND_STEPS: Final = (
    Step("open", (NOTHING,), ("open",), (COORDINATOR,)),
    Step("close", ("open",), ("closed",), (COORDINATOR,), "what is under way goes on"),
    Step("reopen", ("closed",), ("open",), (COORDINATOR,)),
)
_UNREPORTED: Final = (NOTHING, "scheduled", "called_off")
DELIVERY_STEPS: Final = (
    Step(
        "schedule",
        (*_UNREPORTED, "not_delivered"),
        ("scheduled",),
        (PROVIDER, LETTER),
        "the match is agreed, also while sides are asked for more; on the days that the session names, by "
        "letter on fewer, and within those that it says where it names none; what was not held comes on days "
        "that are still to come, on others than those named once all have accepted them",
    ),
    Step(
        "deliver",
        _UNREPORTED,
        ("delivered",),
        (SIDE, LETTER),
        "the match is agreed and the last day has come; no more seats used than agreed",
    ),
    Step(
        "not_deliver",
        _UNREPORTED,
        ("not_delivered",),
        (SIDE, LETTER),
        "the match is agreed and the first day has come; with a reason",
    ),
    Step(
        "correct",
        ("delivered", "not_delivered"),
        ("delivered", "not_delivered"),
        (LETTER,),
        "what was reported is reported otherwise",
    ),
    Step(
        "assess",
        ("delivered",),
        ("delivered",),
        (SIDE, LETTER),
        "each side apart: whether the gap was closed; whether the conditions were met",
    ),
    Step(
        "call_off",
        ("scheduled", "not_delivered"),
        ("called_off",),
        (LETTER, COORDINATOR, OWNER),
        "its match is declined, released or planned anew, or its session is moved to other days",
    ),
)
DATE_PROPOSAL_STEPS: Final = (
    Step(
        "propose",
        (NOTHING,),
        ("proposed", "put"),
        (SIDE, LETTER),
        "a side of a match that the provider knows, confirmed or agreed or not, before the course begins, or "
        "once it reads that the course was not held; the provider's own are put to the others at once",
    ),
    Step(
        "accept",
        ("proposed", "put"),
        ("put", "moved", "ended", "lapsed"),
        (ASKED, LETTER),
        "first the provider, then every recipient of the session that the provider knows of, and the parties "
        "that have confirmed their part; the session is moved when the last of them has said yes and the "
        "records of now allow it; over where the time to answer has passed, the course has begun and was not "
        "reported as not held, or the days have come",
    ),
    Step(
        "refuse",
        ("proposed", "put"),
        ("refused",),
        (ASKED, LETTER),
        "of who takes part in the session now: who has left is asked no more",
    ),
    Step("withdraw", ("proposed", "put"), ("withdrawn",), (AUTHOR, LETTER)),
    Step("lapse", ("proposed", "put"), ("lapsed",), (SERVICE,), "not all who are asked have answered"),
    Step(
        "end",
        ("proposed", "put"),
        ("ended", "moved"),
        (SIDE, COORDINATOR, OWNER, SERVICE),
        "who proposed takes no part in the session any more, it was moved to other days first, the course "
        "has begun and was not reported as not held, it was held for somebody, or the proposed days have "
        "come; moved where all who are left have said yes",
    ),
)
LIVES: Final = {
    "match": MATCH_STEPS,
    "part": PART_STEPS,
    "delivery": DELIVERY_STEPS,
    "date proposal": DATE_PROPOSAL_STEPS,
    "plan": PLAN_STEPS,
    "round": ROUND_STEPS,
}


def states_before(kind: str, *actions: str) -> tuple[str, ...]:
    """The states in which one of these steps is open."""
    steps = [step for step in LIVES[kind] if step.action in actions]
    if {step.action for step in steps} != set(actions):
        raise ValueError(f"A {kind} knows no step among {actions}.")
    return tuple(dict.fromkeys(state for step in steps for state in step.before))


def whose_turn(state: str, confirmed: Collection[str], *, awaits_parties: bool = False) -> str | None:
    """The side for which a match waits: the recipient to agree to be put to the provider, then whoever
    confirms next; between the provider and the recipient the other parties of the session. ``confirmed`` are
    the sides that have confirmed all seats that are proposed now.
    """
    if state == "asked":
        return "recipient"
    if state != "proposed":
        return None
    awaited = next((side for side in CONFIRMING_ORDER if side not in confirmed), None)
    # What all three have confirmed is agreed, whatever the parties are asked for beyond it.
    return PARTIES if awaits_parties and awaited in AFTER_PARTIES else awaited
