"""The lives of matches, plans and rounds: nothing gets stuck, and the page says what the code says."""

import pytest

from lcm_service.domain.lives import (
    LETTER,
    MATCH_STEPS,
    NOTHING,
    RECIPIENT,
    SERVICE,
    states_before,
    whose_turn,
)
from lcm_service.domain.lives import LIVES as LIVES_BESIDE
from lcm_service.domain.record_lives import CHANGEABLE_STATES, RECORD_STEPS, next_state, open_to_coordinators
from lcm_service.domain.vocabulary import (
    DATE_PROPOSAL_STATES,
    DECISION_SIDES,
    DELIVERY_STATES,
    LIVE_RECORD_STATES,
    MATCH_STATES,
    PART_STATES,
    PARTIES,
    PLAN_STATES,
    RECORD_STATES,
    ROUND_STATES,
)
from tools import states

LIVES = {"record": RECORD_STEPS, **LIVES_BESIDE}
STATES = {
    "record": RECORD_STATES,
    "match": MATCH_STATES,
    "delivery": DELIVERY_STATES,
    "date proposal": DATE_PROPOSAL_STATES,
    "part": PART_STATES,
    "plan": PLAN_STATES,
    "round": ROUND_STATES,
}
# Here a life ends: a declined pair is not proposed again, a plan that is over stays as a document.
ENDS = {
    "record": {"withdrawn"},
    "match": {"declined"},
    "delivery": set(),
    "date proposal": {"moved", "refused", "withdrawn", "lapsed", "ended"},
    "part": {"declined"},
    "plan": {"superseded", "discarded"},
    "round": set(),
}


@pytest.mark.parametrize("kind", LIVES)
def test_steps_name_the_words_of_the_vocabulary_and_reach_every_state(kind: str) -> None:
    named = {state for step in LIVES[kind] for state in (*step.before, *step.after)}
    assert named - {NOTHING} == set(STATES[kind])
    reached, found = set(), {NOTHING}
    while found != reached:
        reached = set(found)
        found |= {state for step in LIVES[kind] for state in step.after if reached & set(step.before)}
    assert reached - {NOTHING} == set(STATES[kind])


@pytest.mark.parametrize("kind", LIVES)
def test_from_every_state_but_an_end_somebody_can_act(kind: str) -> None:
    left = {state for step in LIVES[kind] for state in step.before if set(step.who) - {SERVICE}}
    assert set(STATES[kind]) - left == ENDS[kind]


def test_nobody_but_a_side_by_its_own_press_or_letter_makes_a_match_agreed_or_confirms() -> None:
    """What the service does at a deadline leaves no more agreed than both sides had confirmed."""
    by_service = [step for step in MATCH_STEPS if SERVICE in step.who]
    assert {step.action for step in by_service} == {"lapse", "lapse_more"}


def test_a_record_counts_where_it_can_be_returned_and_changes_where_it_has_not_ended() -> None:
    returnable = {state for step in RECORD_STEPS if step.action == "return" for state in step.before}
    assert returnable == set(LIVE_RECORD_STATES)
    assert set(CHANGEABLE_STATES) == returnable | {"returned", "draft"}
    assert next_state("revise", "authenticated") == "authenticated"
    assert next_state("revise", "returned") == "submitted"
    assert next_state("revise", "withdrawn") is None
    assert open_to_coordinators("submitted") == ("acknowledge", "authenticate", "return")
    assert open_to_coordinators("authenticated") == ("circulate", "return")
    assert open_to_coordinators("circulated") == ("authenticate", "return")
    assert open_to_coordinators("returned") == ()


def test_the_recipient_alone_leads_from_asked_to_the_provider() -> None:
    """Other steps lead back to what the provider knows already, and to nothing beyond it."""
    onward = [one for one in MATCH_STEPS if "asked" in one.before and "proposed" in one.after]
    assert {one.action for one in onward} == {"consent", "cut", "accept_fewer", "decline_more", "lapse_more"}
    (consent,) = [one for one in onward if one.action == "consent"]
    assert (consent.who, consent.after) == ((RECIPIENT, LETTER), ("proposed",))


def test_a_match_waits_for_one_side_at_a_time() -> None:
    assert whose_turn("asked", DECISION_SIDES) == "recipient"
    assert whose_turn("proposed", ()) == "provider"
    assert whose_turn("proposed", ("recipient", "secretariat")) == "provider"
    assert whose_turn("proposed", ("provider",)) == "recipient"
    assert whose_turn("proposed", ("provider", "recipient")) == "secretariat"
    assert whose_turn("proposed", ("recipient",), awaits_parties=True) == "provider"
    for confirmed in (("provider",), ("provider", "recipient")):
        assert whose_turn("proposed", confirmed, awaits_parties=True) == PARTIES
    assert whose_turn("proposed", ("provider", "recipient", "secretariat"), awaits_parties=True) is None
    for state in set(MATCH_STATES) - {"asked", "proposed"}:
        assert whose_turn(state, ()) is None


def test_a_step_that_is_not_known_is_a_fault_of_the_code() -> None:
    assert states_before("match", "decline", "decline_agreed") == ("asked", "proposed", "lapsed", "agreed")
    with pytest.raises(ValueError, match="knows no step"):
        states_before("match", "forget")


def test_the_page_says_what_the_code_says() -> None:
    assert states.PAGE.read_text(encoding="utf-8") == states.page(), "Run: python tools/states.py"
