"""Drafts become the published plan, whole or not at all; each reader reads its own part."""

import json

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, OutboxMessage
from lcm_service.services import decisions, matching, publication, publish_gate
from optimizer import plan_to_document, read_problem, solve
from tests import factories
from tests.service import matching_rounds as rounds


def test_publishing_makes_a_match_of_every_pair_and_tells_both_sides(round_, actor):
    plan = rounds.publish(actor, rounds.solve_round(actor, round_))
    assert (plan.state, plan.put_forward_by_id) == ("published", actor.person_id)
    assert plan.published_by_id == plan.approved_by_id != actor.person_id
    (match,) = decisions.list_matches(actor, round_.code)
    assert (match.state, match.seats, match.plan_id) == ("proposed", 20, plan.id)
    told = db.session.scalars(
        select(OutboxMessage.participant_id).where(OutboxMessage.kind == "match.propose")
    ).all()
    assert sorted(told) == sorted([match.need.participant_id, match.offer.participant_id])


def test_a_discarded_plan_stays_discarded_and_a_published_one_cannot_be(round_, actor):
    draft = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    gone = publication.discard_plan(actor, draft.id, draft.version)
    assert publication.discard_plan(actor, draft.id, draft.version).version == gone.version
    with pytest.raises(Conflict, match="discarded"):
        publish_gate.put_plan_forward(actor, draft.id, gone.version)
    plan = rounds.publish(actor, rounds.solve_round(actor, round_))
    with pytest.raises(Conflict, match="published"):
        publication.discard_plan(actor, plan.id, plan.version)


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_whole_plans_are_for_coordinators(round_, actor, role):
    plan = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    stranger = factories.make_actor(role)
    for press in (
        lambda: publication.find_plan(stranger, plan.id),
        lambda: publication.difference(stranger, plan.id),
        lambda: publish_gate.put_plan_forward(stranger, plan.id, plan.version),
        lambda: publication.discard_plan(stranger, plan.id, plan.version),
        lambda: publication.find_objections(stranger, plan.id),
        lambda: publication.published_plan(stranger, round_.code),
    ):
        with pytest.raises(NotAllowed):
            press()
    assert list(publication.list_plans(stranger, round_.code)) == []


def test_publishing_a_plan_supersedes_the_other_drafts_of_the_round(round_, actor):
    early, late = rounds.solve_round(actor, round_), rounds.solve_round(actor, round_)
    draft = rounds.plan_of(actor, early)
    assert publication.latest_useful_draft(actor, round_.code).id == rounds.plan_of(actor, late).id
    rounds.publish(actor, late)
    with pytest.raises(Conflict, match="Another plan was published"):
        publish_gate.put_plan_forward(actor, draft.id, draft.version)
    assert publication.find_plan(actor, draft.id).state == "superseded"
    assert publication.latest_useful_draft(actor, round_.code) is None
    with pytest.raises(NotAllowed):
        publication.latest_useful_draft(factories.make_actor(), round_.code)


def test_a_plan_asked_for_before_and_solved_after_a_publication_is_of_no_use(round_, actor):
    first, waiting = rounds.request(actor, round_), rounds.request(actor, round_)
    claimed = matching.claim_next_run(30)
    assert claimed.run_id == first.id
    problem = read_problem(json.loads(claimed.problem))
    matching.finish_run(claimed.run_id, claimed.fence, plan_to_document(solve(problem)))
    rounds.publish(actor, matching.find_run(actor, first.id))
    rounds.solve_waiting_runs()
    late = rounds.plan_of(actor, matching.find_run(actor, waiting.id))
    assert late.state == "superseded"
    assert publication.latest_useful_draft(actor, round_.code) is None
    assert [plan.number for plan in publication.list_plans(actor, round_.code)] == [2, 1]
    repaired = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    assert publication.latest_useful_draft(actor, round_.code).id == repaired.id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("withdraw_need", "unknown_id"),
        ("withdraw_offer", "unknown_id"),
        ("withdraw_session", "unknown_id"),
        ("withdraw_support", "unknown_id"),
        ("fewer_seats", "C1"),
        ("other_level", "level"),
        ("fewer_recognised", "C3"),
    ],
)
def test_a_plan_that_what_happened_since_contradicts_is_refused_and_says_why(app, actor, change, code):
    round_ = factories.make_round()
    need = factories.make_need(round=round_)
    offer = factories.make_offer(round=round_, requires=[{"kind": "funds", "quantity": 500}])
    support = factories.make_support(round=round_)
    plan = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    assert publication.find_objections(actor, plan.id) == []
    match change:
        case "withdraw_need":
            need.state = "withdrawn"
        case "withdraw_offer":
            offer.state = "withdrawn"
        case "withdraw_session":
            offer.sessions[0].is_withdrawn = True
        case "withdraw_support":
            support.state = "withdrawn"
        case "fewer_seats":
            offer.seats = 12
        case "other_level":
            need.level = "trainer"
        case "fewer_recognised":
            need.seats_recognised = 11
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        publish_gate.put_plan_forward(actor, plan.id, plan.version)
    assert code in {row["code"] for row in refusal.value.details["objections"]}
    assert decisions.list_matches(actor, round_.code) == []
    assert publication.find_plan(actor, plan.id).state == "draft"


def test_late_records_do_not_keep_a_plan_from_being_published(round_, actor):
    run = rounds.solve_round(actor, round_)
    factories.make_need(round=round_)
    factories.make_offer(round=round_)
    assert rounds.publish(actor, run).state == "published"


def test_a_participant_reads_its_own_rows_alone(app, actor):
    round_ = factories.make_round()
    one, other = factories.make_participant(), factories.make_participant()
    own = factories.make_need(one, round_, title="Ours", seats_asked=20)
    hidden = factories.make_need(other, round_, title="Theirs", seats_asked=40, priority_asked="critical")
    offer = factories.make_offer(round=round_, seats=30)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    whole = publication.published_plan(actor, round_.code)
    assert {row["need"] for row in whole.document["unmet"]} >= {own.reference}
    mine = publication.plan_for_participant(factories.make_actor("focal_point", one), round_.code)
    assert hidden.reference not in repr(mine)
    assert other.code not in repr(mine)
    assert "Theirs" not in repr(mine)
    assert [row["need"] for row in mine["unmet"]] == [own.reference]
    providers = publication.plan_for_participant(
        factories.make_actor("focal_point", offer.participant), round_.code
    )
    assert {row["need"] for row in providers["assignments"]} == {
        row["need"] for row in whole.document["assignments"]
    }
    assert "Theirs" not in repr(providers)
    assert "critical" not in repr(providers)
    assert providers["unmet"] == []
    for role in ("observer", "administrator", "coordinator"):
        with pytest.raises(NotAllowed):
            publication.plan_for_participant(factories.make_actor(role), round_.code)


def test_before_publication_a_participant_reads_nothing_of_a_draft(round_, actor):
    rounds.solve_round(actor, round_)
    assert publication.plan_for_participant(factories.make_actor(), round_.code) is None
    with pytest.raises(NotFound):
        publication.plan_for_participant(factories.make_actor(), "nowhere")


def test_a_stored_plan_reads_the_same_after_its_records_have_changed(round_, actor):
    plan = rounds.publish(actor, rounds.solve_round(actor, round_))
    before = (plan.document, plan.explanation, plan.labels, plan.problem)
    need = decisions.list_matches(actor, round_.code)[0].need_reference
    row = db.session.scalars(select(Match)).one()
    row.seats = 7
    factories.make_need(round=round_)
    rounds.fresh()
    again = publication.find_plan(actor, plan.id)
    assert (again.document, again.explanation, again.labels, again.problem) == before
    assert need in again.labels["needs"]
