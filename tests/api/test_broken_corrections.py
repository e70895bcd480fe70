"""What a program may send as a correction and is none: each is refused by name, and nothing is stored."""

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Run
from tests.api.test_matching import asked, at_work, published  # noqa: F401 - the round is a fixture

PAIR = ["N", "S", None]
BROKEN = {
    "text": "x",
    "a number": 1,
    "a list": [],
    "nothing in it": {},
    "no text": {"notice": 1, "withdraw": [PAIR]},
    "no list": {"notice": "a", "withdraw": {}},
    "nothing withdrawn": {"notice": "a", "withdraw": []},
    "no reason given": {"notice": "a", "withdraw": [["N", "S"]]},
    "a code that is a list": {"notice": "a", "withdraw": [["N", ["S"], None]]},
    "a reason that is a list": {"notice": "a", "withdraw": [["N", "S", ["dates"]]]},
    "a reason that is an object": {"notice": "a", "withdraw": [["N", "S", {"a": 1}]]},
    "an unknown reason": {"notice": "a", "withdraw": [["N", "S", "because"]]},
    "half a character": {"notice": "a\ud800", "withdraw": [PAIR]},
    "a NUL": {"notice": "a\0b", "withdraw": [PAIR]},
    "a NUL in a code": {"notice": "a", "withdraw": [["N\0", "S", None]]},
    "half a character in a code": {"notice": "a", "withdraw": [["N\ud800", "S", None]]},
    "more than is asked": {"notice": "a", "withdraw": [PAIR], "more": 1},
    "a return that is no yes or no": {"notice": "a", "withdraw": [PAIR], "may_return": "yes"},
    "a pair that has no match": {"notice": "a", "withdraw": [PAIR]},
}


def test_nothing_comes_of_a_correction_that_is_none(published):  # noqa: F811
    before = db.session.query(Run).count()
    for number, (name, correction) in enumerate(BROKEN.items()):
        answer = published.coordinator.post(
            "/runs/?round=R2027",
            {"choice": {"correction": correction}},
            headers={"Idempotency-Key": f"broken-{number:04}"},
        )
        assert answer.status_code == 422, (name, answer.json)
    assert db.session.query(Run).count() == before


@pytest.mark.parametrize("act", ["putting-forward", "approval", "taking-back", "discarding"])
def test_a_call_about_a_plan_that_was_changed_since_is_refused(at_work, act):  # noqa: F811
    path = f"/plans/{at_work.plan['id']}"
    forward = at_work.coordinator.post(f"{path}/putting-forward", version=at_work.plan["version"])
    at_work.coordinator.post(f"{path}/taking-back", version=forward.json["version"])
    stale = at_work.approver.post(f"{path}/{act}", version=forward.json["version"] - 2)
    assert stale.status_code in (409, 412) or stale.json["state"] == "draft"
    assert at_work.coordinator.get(path).json["state"] == "draft"
