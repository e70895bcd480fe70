"""What a State reads of what would help its needs: changes of its own record, and of others not a word."""

from lcm_service.services.plan_excerpts import excerpt_for
from optimizer import ChangeSearch, RoundWithPlan, explain, explanation_to_document, plan_to_document, solve
from tests.optimizer.builders import need, problem, session


def test_what_would_help_is_told_without_a_number_of_seats_or_a_word_of_others():
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
    excerpt = excerpt_for("XAA", plan_to_document(plan), document, labels, {}, per_seat={})
    (row,) = excerpt["explanation"]["unmet"]
    change = {"kind": "language", "word": "en", "languages": None, "amount": None}
    assert row["changes"] == {"helps": [{"change": change}]}
    assert "prices" not in excerpt["explanation"]
    whole = next(told for told in document["unmet"][0]["changes"]["helps"])
    assert whole["effects"]["seats_lost_by_others"] == 12
