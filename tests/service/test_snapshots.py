"""A round as the optimizer is asked: codes alone, recognised numbers, what is pinned and what is banned."""

import json
from datetime import date

import pytest

from lcm_service.domain.errors import NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AreaSubstitute, Decision
from lcm_service.services.snapshots import build_snapshot, check_policy
from optimizer import problem_sha256, read_problem
from tests import factories
from tests.service import matching_rounds as rounds


def snapshot_of(round_, **options):
    return build_snapshot(db.session(), round_, **options)


def need_of(round_, **options):
    (need,) = snapshot_of(round_, **options).problem["needs"]
    return need


def test_only_codes_cross_the_wall(app):
    round_ = factories.make_round(title="SECRET ROUND")
    recipient = factories.make_participant("XAA", names={"en": "SECRET STATE"})
    factories.make_need(
        recipient,
        round_,
        title="SECRET TITLE",
        detail="SECRET DETAIL",
        audience="SECRET AUDIENCE",
        basis_reference="SECRET BASIS",
    )
    factories.make_offer(
        round=round_,
        title="SECRET COURSE",
        implementer="SECRET SCHOOL",
        venue="SECRET VENUE",
        detail="SECRET",
    )
    found = snapshot_of(round_)
    assert "SECRET" not in found.text
    assert "SECRET TITLE" in json.dumps(found.labels)


def test_the_text_is_the_canonical_form_of_the_document_and_its_hash_is_the_problems(app):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    factories.make_offer(round=round_)
    found = snapshot_of(round_)
    assert json.loads(found.text) == found.problem
    assert problem_sha256(read_problem(found.problem)) == found.sha256
    assert snapshot_of(round_).text == found.text


def test_seats_and_priority_count_as_recognised(app):
    round_ = factories.make_round()
    need = factories.make_need(round=round_, seats_asked=90, seats_recognised=12, priority_recognised="high")
    assert (need_of(round_)["seats"], need_of(round_)["priority"]) == (12, "high")
    need.seats_recognised = need.priority_recognised = None
    db.session.commit()
    assert (need_of(round_)["seats"], need_of(round_)["priority"]) == (None, "routine")


@pytest.mark.parametrize(("asked", "stated"), [(2, 2), (5, 5), (6, None), (90, None)])
def test_an_ask_that_nobody_has_recognised_counts_only_where_it_takes_nothing_from_others(app, asked, stated):
    round_ = factories.make_round()
    need = factories.make_need(round=round_, seats_asked=asked, women=0)
    need.seats_recognised = need.priority_recognised = None
    db.session.commit()
    assert need_of(round_)["seats"] == stated


def test_women_and_the_least_group_never_exceed_the_recognised_seats(app):
    round_ = factories.make_round()
    factories.make_need(round=round_, seats_recognised=6, women=15, min_group=12)
    assert (need_of(round_)["women"], need_of(round_)["min_group"]) == (6, 6)


def test_while_seats_are_unknown_the_least_group_is_kept_to_the_planned_seats(app):
    round_ = factories.make_round()
    factories.make_need(round=round_, seats_asked=None, seats_recognised=None, min_group=12)
    assert need_of(round_)["min_group"] == 5
    round_.policy = {"planning_seats": {"need": 8, "session": 20}}
    db.session.commit()
    assert need_of(round_)["min_group"] == 8


def test_a_session_says_its_own_seats_and_place_and_never_needs_more_seats_than_it_has(app):
    round_ = factories.make_round()
    factories.make_place("XQQ")
    offer = factories.make_offer(
        round=round_,
        seats=30,
        min_seats=12,
        sessions=[
            {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 9), "seats": 8, "place_code": "XQQ"},
            {"starts_on": date(2027, 5, 3), "ends_on": date(2027, 5, 7)},
        ],
    )
    first, second = snapshot_of(round_).problem["sessions"]
    assert (first["id"], first["seats"], first["min_seats"], first["place"]) == (
        f"{offer.reference}-S1",
        8,
        8,
        "XQQ",
    )
    assert (second["seats"], second["min_seats"], second["place"]) == (30, 12, offer.place_code)


def test_unknown_is_null_and_an_empty_list_says_nothing(app):
    round_ = factories.make_round()
    factories.make_need(round=round_, areas=None, languages=[], level=None, personnel=None, modes=[])
    factories.make_offer(round=round_, only=None, requires=None, mode=None, languages=[])
    found = snapshot_of(round_).problem
    assert [found["needs"][0][key] for key in ("areas", "languages", "level", "personnel", "modes")] == [
        None
    ] * 5
    assert [found["sessions"][0][key] for key in ("only", "requires", "mode", "languages")] == [None] * 4


def test_entries_of_the_list_that_are_no_areas_match_nothing(app):
    round_ = factories.make_round()
    factories.make_area("PDT", is_area=False)
    factories.make_need(round=round_, areas=["PDT"])
    factories.make_offer(round=round_, areas=["PDT", "C-IED"])
    found = snapshot_of(round_).problem
    assert found["needs"][0]["areas"] is None
    assert found["sessions"][0]["areas"] == ["C-IED"]


def test_only_live_training_records_of_the_round_that_have_not_expired_take_part(app):
    round_ = factories.make_round()
    kept = factories.make_need(round=round_, expires_on=date(2027, 1, 2))
    factories.make_need(round=round_, state="withdrawn")
    factories.make_need(round=round_, state="draft")
    factories.make_need(round=round_, subject="equipment")
    factories.make_need(round=round_, expires_on=date(2027, 1, 1))
    factories.make_need()
    factories.make_offer(round=round_, state="withdrawn")
    factories.make_support(round=round_, subject="recognition")
    found = snapshot_of(round_, today=date(2027, 1, 2)).problem
    assert [need["id"] for need in found["needs"]] == [kept.reference]
    assert (found["offers"], found["sessions"], found["supports"]) == ([], [], [])


def test_partners_and_supporters_are_declared_with_their_limits(app):
    round_ = factories.make_round()
    factories.make_participant("XPP", teams=2, seats=40)
    factories.make_offer(factories.make_participant("XPO"), round_, partners=["XPP", "XNOBODY"])
    factories.make_support(factories.make_participant("XPS"), round_)
    found = snapshot_of(round_).problem
    assert [(one["id"], one["teams"], one["seats"]) for one in found["providers"]] == [
        ("XNOBODY", None, None),
        ("XPO", None, None),
        ("XPP", 2, 40),
        ("XPS", None, None),
    ]


def test_substitutes_are_those_that_can_matter_here(app):
    round_ = factories.make_round()
    for code in ("C-IED", "EOD", "MED", "LANG"):
        factories.make_area(code)
    db.session.add_all(
        [
            AreaSubstitute(need_area="C-IED", session_area="EOD", fit=60, reason="near"),
            AreaSubstitute(need_area="MED", session_area="LANG", fit=10, reason="far"),
        ]
    )
    db.session.commit()
    factories.make_need(round=round_, areas=["C-IED"])
    factories.make_offer(round=round_, areas=["EOD"])
    assert snapshot_of(round_).problem["substitutions"] == [
        {"need_area": "C-IED", "session_area": "EOD", "fit": 60}
    ]


def test_an_offer_with_a_window_may_run_once_and_a_dated_one_as_often_as_it_has_sessions(app):
    round_ = factories.make_round()
    factories.make_offer(
        round=round_, not_before=date(2027, 3, 1), not_after=date(2027, 12, 1), duration_days=12
    )
    factories.make_offer(round=round_)
    window, dated = snapshot_of(round_).problem["offers"]
    assert (window["max_sessions"], dated["max_sessions"]) == (1, None)


def test_published_matches_are_pinned_and_may_grow_unless_a_side_declined_more(app):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_, seats_asked=20)
    offer = factories.make_offer(round=round_)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    code = f"{offer.reference}-S1"
    pin = {"need": need.reference, "session": code, "seats": 20, "rule": "at_least"}
    found = snapshot_of(round_).problem
    assert found["pinned"] == [pin]
    assert found["previous"] == [{"need": need.reference, "session": code, "seats": 20}]
    match_id = rounds.match_of(actor, round_, need.reference, code).id
    db.session.add(
        Decision(match_id=match_id, side="recipient", answer="confirmed", seats=20, reason="capacity")
    )
    db.session.commit()
    assert snapshot_of(round_).problem["pinned"] == [pin | {"rule": "exactly"}]


def test_released_pairs_are_not_pinned_and_held_sessions_run_with_what_is_pinned(app):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_, seats_asked=20)
    offer = factories.make_offer(round=round_, min_seats=10)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    code = f"{offer.reference}-S1"
    offer.min_seats = 25
    db.session.commit()
    released = snapshot_of(round_, release=[(need.reference, code)])
    assert (released.problem["pinned"], released.labels["released"]) == ([], [[need.reference, code]])
    held = snapshot_of(round_, hold=[code])
    assert (held.problem["sessions"][0]["min_seats"], held.labels["held"]) == (20, [code])
    assert snapshot_of(round_).problem["sessions"][0]["min_seats"] == 25


def test_an_expired_record_with_a_live_match_stays_until_somebody_withdraws_it(app):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_)
    factories.make_offer(round=round_)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    need.expires_on = date(2027, 1, 1)
    db.session.commit()
    assert len(snapshot_of(round_, today=date(2027, 6, 1)).problem["pinned"]) == 1


def test_records_that_contradict_themselves_are_named_with_their_place(app):
    round_ = factories.make_round()
    factories.make_need(round=round_, earliest=date(2027, 5, 1), latest=date(2027, 4, 1))
    with pytest.raises(NotValid) as refusal:
        snapshot_of(round_)
    assert refusal.value.faults["problem"][0].startswith("needs[0]")


@pytest.mark.parametrize("policy", [{"nonsense": 1}, {"objectives": ["beauty"]}, {"fit": {"area": 100}}])
def test_a_policy_that_the_optimizer_would_refuse_is_not_valid(policy):
    with pytest.raises(NotValid):
        check_policy(policy)


def test_an_empty_round_is_a_problem_too(app):
    found = snapshot_of(factories.make_round()).problem
    assert (found["needs"], found["sessions"]) == ([], [])
