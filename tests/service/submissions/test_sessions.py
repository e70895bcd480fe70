"""An offer's dated sessions: their keys, their revision, their withdrawal."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotFound, NotValid
from lcm_service.services import submissions
from tests import factories
from tests.service.submissions.kinds import PLEDGE, participant_of


def test_sessions_get_keys_that_are_never_used_again(owner, round):
    rows = [{"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 9)}, {"starts_on": date(2027, 6, 7)}]
    offer = submissions.submit_offer(owner, owner.participant_code, "R2027", PLEDGE | {"sessions": rows})
    assert [row.key for row in offer.sessions] == ["S1", "S2"]
    offer = submissions.withdraw_session(owner, f"{offer.reference}-S2", offer.version)
    offer = submissions.revise_offer(owner, offer.reference, {"sessions": [{}]}, offer.version)
    assert [(row.key, row.is_withdrawn) for row in offer.sessions] == [
        ("S1", False),
        ("S2", True),
        ("S3", False),
    ]


def test_a_session_named_by_its_key_is_revised_and_the_others_stay(owner, round):
    offer = factories.make_offer(
        participant_of(owner), round, [{"starts_on": date(2027, 4, 5)}, {"starts_on": date(2027, 6, 7)}]
    )
    changes = {"sessions": [{"key": "S2", "seats": 12, "ends_on": date(2027, 6, 11)}]}
    revised = submissions.revise_offer(owner, offer.reference, changes, 1)
    assert revised.version == 2
    assert [(row.key, row.starts_on, row.seats) for row in revised.sessions] == [
        ("S1", date(2027, 4, 5), None),
        ("S2", date(2027, 6, 7), 12),
    ]


@pytest.mark.parametrize("row", [{"key": "S9"}, {"key": "S1", "is_withdrawn": False}, {"offer_id": 3}])
def test_a_session_that_is_not_there_or_a_field_that_is_not_the_owners_is_refused(owner, round, row):
    offer = factories.make_offer(participant_of(owner), round)
    with pytest.raises(NotValid):
        submissions.revise_offer(owner, offer.reference, {"sessions": [row]}, 1)


def test_a_withdrawn_session_is_not_withdrawn_again(owner, round):
    offer = factories.make_offer(participant_of(owner), round)
    offer = submissions.withdraw_session(owner, f"{offer.reference}-S1", 1)
    with pytest.raises(Conflict):
        submissions.withdraw_session(owner, f"{offer.reference}-S1", offer.version)
    with pytest.raises(NotFound):
        submissions.withdraw_session(owner, f"{offer.reference}-S7", offer.version)
