"""What a State reads of why its needs are short: its own seats, and nothing of what others would lose."""

from lcm_service.services.plan_excerpts import excerpt_for
from optimizer import ChangeSearch, RoundWithPlan, explain, explanation_to_document, plan_to_document, solve
from tests.optimizer.builders import need, problem, session


def test_what_would_help_tells_a_state_no_number_of_others():
    rival = need("N-RIVAL", "XAB", seats=20)
    one = need("N-1", seats=12, priority="critical", languages=("ar",))
    round_ = problem([one, rival], [session(seats=20)])
    plan = solve(round_)
    explanation = explain(round_, plan, search=ChangeSearch(RoundWithPlan(round_, plan)))
    document = explanation_to_document(explanation)
    label = {"place": None, "areas": ["MED"], "seats_asked": None}
    labels = {
        "round": {},
        "needs": {
            "N-1": {**label, "recipient": "XAA"},
            "N-RIVAL": {**label, "recipient": "XAB"},
        },
        "sessions": {"S-1": {**label, "offer": "O-1", "provider": "XPA"}},
        "offers": {"O-1": {"provider": "XPA"}},
        "supports": {},
        "participants": {code: {"name": code} for code in ("XAA", "XAB", "XPA")},
        "places": {},
        "areas": {"MED": {"name": "MED"}},
    }
    excerpt = excerpt_for("XAA", plan_to_document(plan), document, labels)
    (row,) = excerpt["explanation"]["unmet"]
    helpful = next(told for told in row["changes"]["helps"] if told["change"]["kind"] == "language")
    assert helpful["effects"] == {"seats_gained": 12}
    assert "prices" not in excerpt["explanation"]
    whole = next(told for told in document["unmet"][0]["changes"]["helps"])
    assert whole["effects"]["seats_lost_by_others"] == 12
