"""What would help a plan's needs, and who would be next: a run of its own, kept with the plan."""

import json
from datetime import date
from typing import Any

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.jobs.worker import Worker
from lcm_service.persistence.database import db
from lcm_service.services import explanations, matching, publication
from lcm_service.services.plan_studies import Study, find_fault
from lcm_service.web import desk
from tests import factories, publishing
from tests.service import matching_rounds as rounds
from tests.service.jobs.processes import solving_processes

PRESSES = iter(f"explain-{number}" for number in range(10**6))


@pytest.fixture
def crowded(app):
    """A round in which two needs want all seats of a session, one is held off by its language, another by its
    dates.
    """
    found = factories.make_round()
    for code, seats, options in (
        ("XAA", 12, {"priority_recognised": "critical"}),
        ("XAB", 10, {}),
        ("XAC", 6, {"languages": ["ar"]}),
        ("XAD", 6, {"earliest": date(2027, 7, 1), "latest": date(2027, 7, 20)}),
    ):
        participant = factories.make_participant(code)
        factories.make_need(
            round=found, participant=participant, seats_asked=seats, seats_recognised=seats, **options
        )
    factories.make_offer(round=found, participant=factories.make_participant("XPA"), seats=20)
    # Its seats stay free, for want of a language.
    factories.make_offer(
        round=found,
        participant=factories.make_participant("XPB"),
        languages=["pt"],
        seats=10,
        min_seats=1,
    )
    return found


@pytest.fixture
def plan(crowded, actor):
    return rounds.plan_of(actor, rounds.solve_round(actor, crowded))


def ask(actor, plan, **options):
    return explanations.request_explanation(actor, plan.id, idempotency_key=next(PRESSES), **options)


def explained(actor, plan, **options):
    run = ask(actor, plan, **options)
    rounds.solve_waiting_runs()
    rounds.fresh()
    return matching.find_run(actor, run.id)


def codes(run):
    return [line["code"] for line in run.story]


def need_of(plan, participant):
    return next(ref for ref, label in plan.labels["needs"].items() if label["recipient"] == participant)


def kinds(changes):
    return {one["change"]["kind"] for one in changes["helps"]}


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_only_coordinators_ask_and_read(plan, role):
    stranger = factories.make_actor(role)
    for press in (
        lambda: ask(stranger, plan),
        lambda: explanations.read_study(stranger, plan.id),
        lambda: explanations.list_explanations(stranger, plan.id),
    ):
        with pytest.raises(NotAllowed):
            press()


def test_what_was_found_is_kept_and_the_plan_stays_as_it_was(plan, actor):
    before = (plan.document, plan.explanation, plan.version)
    run = explained(actor, plan)
    assert (run.state, run.purpose, run.outcome, run.base_plan_id) == ("done", "explanation", None, plan.id)
    assert codes(run) == ["asked_about_plan", "started", "explained"]
    assert matching.plan_id_of_run(actor, run.id) is None
    (kept,) = publication.list_plans(actor, plan.round.code)
    assert (kept.document, kept.explanation, kept.version) == before
    study = explanations.read_study(actor, plan.id)
    assert set(study.changes) == {row["need"] for row in plan.document["unmet"]}
    assert set(study.reserves) == {(row["need"], row["session"]) for row in plan.document["assignments"]}
    assert study.changes[need_of(plan, "XAC")].at == run.ended_at


def test_a_coordinator_reads_the_least_change_and_whom_it_would_displace_in_numbers(plan, actor):
    explained(actor, plan)
    study = explanations.read_study(actor, plan.id)
    dates = study.changes[need_of(plan, "XAD")].row
    assert "earlier" in kinds(dates)
    for found in study.changes.values():
        for one in found.row["helps"]:
            assert set(one["effects"]) == {"seats_gained", "seats_lost_by_others", "needs_losing"}
            assert all(isinstance(number, int) for number in one["effects"].values())


def test_who_would_be_next_is_another_need_that_is_short(plan, actor):
    explained(actor, plan)
    study = explanations.read_study(actor, plan.id)
    first = next(row for row in plan.document["assignments"] if row["need"] == need_of(plan, "XAA"))
    reserve = study.reserves[first["need"], first["session"]].row
    assert reserve["answer"] == "gains"
    assert reserve["gains"]
    assert {gain["need"] for gain in reserve["gains"]} <= {row["need"] for row in plan.document["unmet"]}
    assert study.price_of_match(first["need"], first["session"]).row["objective"] is not None


def test_a_worker_explains_in_processes_of_their_own(app, plan, actor):
    run = ask(actor, plan)
    rounds.fresh()
    worker = Worker(app)
    assert worker.work_once()
    rounds.fresh()
    done = matching.find_run(actor, run.id)
    assert done.state == "done", done.story
    assert find_fault(done.result, done.problem_sha256, done.labels) is None
    assert done.result["reserves"]["matches"]
    assert {row["need"] for row in done.result["explanation"]["unmet"]} == set(
        explanations.read_study(actor, plan.id).changes
    )
    assert solving_processes() == []


def test_a_worker_explains_one_need_alone(app, plan, actor):
    need = need_of(plan, "XAB")
    run = ask(actor, plan, need=need)
    rounds.fresh()
    Worker(app).work_once()
    rounds.fresh()
    done = matching.find_run(actor, run.id)
    assert (done.state, done.choice) == ("done", {"need": need}), done.story
    assert [row["need"] for row in done.result["explanation"]["unmet"]] == [need]
    assert {row["need"] for row in done.result["reserves"]["matches"]} <= {need}


def test_the_newest_answer_counts_unless_it_settled_less(plan, actor):
    run = explained(actor, plan)
    whole = json.loads(json.dumps(run.result))
    need = need_of(plan, "XAD")
    cut = json.loads(json.dumps(run.result))
    for row in cut["explanation"]["unmet"]:
        helps = row["changes"]["helps"]
        row["changes"] = row["changes"] | {"helps": [], "not_settled": [one["change"] for one in helps]}
    for price in cut["explanation"]["prices"]:
        price["is_settled"] = False
    for row in cut["reserves"]["matches"]:
        row["answer"], row["gains"] = "not_settled", []
    study = explanations.read_study(actor, plan.id)
    before = (study.changes[need].row, dict(study.reserves))
    second = ask(actor, plan)
    claimed = matching.claim_next_run(rounds.LEASE_SECONDS)
    assert claimed.run_id == second.id
    explanations.finish_explanation(claimed.run_id, claimed.fence, cut)
    rounds.fresh()
    study = explanations.read_study(actor, plan.id)
    assert (study.changes[need].row, dict(study.reserves)) == before
    assert all(price.row["is_settled"] for price in study.prices.values())
    assert whole["explanation"]["unmet"] != cut["explanation"]["unmet"]


def test_a_change_that_may_not_be_the_least_takes_no_proven_one_back():
    def answer(days: int, is_least: bool) -> dict[str, Any]:
        change = {"kind": "later", "word": None, "languages": None, "amount": days}
        helps = [{"change": change, "is_least": is_least, "effects": {}}]
        changes = {"proof": "whole", "gains_unchanged": False, "helps": helps, "not_settled": []}
        return {
            "explanation": {"unmet": [{"need": "N-1", "changes": changes}], "prices": None},
            "reserves": None,
        }

    study = Study()
    for days, is_least in ((60, False), (3, True), (90, False)):
        study.add(answer(days, is_least), None)
    assert study.changes["N-1"].row["helps"][0]["change"]["amount"] == 3


def test_the_same_key_gives_the_same_run_and_so_does_another_press_while_it_waits(plan, actor):
    first = explanations.request_explanation(actor, plan.id, idempotency_key="press-1")
    assert explanations.request_explanation(actor, plan.id, idempotency_key="press-1").id == first.id
    assert ask(actor, plan).id == first.id
    assert ask(actor, plan, need=need_of(plan, "XAB")).id != first.id
    with pytest.raises(Conflict, match="another plan or need"):
        explanations.request_explanation(actor, plan.id, idempotency_key="press-1", need=need_of(plan, "XAB"))
    with pytest.raises(Conflict, match="another kind"):
        matching.request_run(actor, plan.round.code, idempotency_key="press-1")


def test_a_request_that_cannot_be_meant_is_refused(plan, actor):
    with pytest.raises(NotFound):
        explanations.request_explanation(actor, 10**6, idempotency_key="k")
    with pytest.raises(NotFound):
        ask(actor, plan, need="N-9999")
    with pytest.raises(NotFound):
        explanations.read_study(actor, 10**6)
    with pytest.raises(NotValid):
        ask(actor, plan, time_limit_seconds=0)
    publication.discard_plan(actor, plan.id, plan.version)
    with pytest.raises(Conflict, match="discarded"):
        ask(actor, plan)


def test_an_answer_to_another_problem_or_of_another_shape_fails_the_run_and_is_not_kept(plan, actor):
    good = explained(actor, plan).result
    explanation, reserves = good["explanation"], good["reserves"]
    stranger = {"need": "N-9", "session": "S", "answer": "gains", "gains": []}
    for wrong, fault in (
        ("no document", "document"),
        (good | {"explanation": explanation | {"problem_sha256": "0" * 64}}, "explanation: it answers"),
        (good | {"reserves": reserves | {"format": "x"}}, "reserves: it is no"),
        (good | {"explanation": {**explanation, "unmet": [{}]}}, "document: KeyError"),
        (good | {"reserves": reserves | {"matches": [stranger]}}, "document: need N-9"),
    ):
        run = ask(actor, plan)
        claimed = matching.claim_next_run(rounds.LEASE_SECONDS)
        explanations.finish_explanation(claimed.run_id, claimed.fence, wrong)
        rounds.fresh()
        failed = matching.find_run(actor, run.id)
        assert (failed.state, failed.result, codes(failed)[-1]) == ("failed", None, "unreadable")
        assert failed.story[-1]["facts"]["fault"].startswith(fault)


def test_a_late_answer_under_an_old_fence_is_refused(plan, actor):
    document = explained(actor, plan).result
    run = ask(actor, plan)
    claimed = matching.claim_next_run(rounds.LEASE_SECONDS)
    matching.cancel_run(actor, run.id)
    with pytest.raises(Conflict):
        explanations.finish_explanation(claimed.run_id, claimed.fence, document)
    rounds.fresh()
    assert matching.find_run(actor, run.id).result is None


def test_an_explanation_takes_no_part_in_the_next_step_of_the_round_and_makes_no_match_wait(plan, actor):
    round_ = plan.round
    before = desk.desk_of(actor, round_).next_step
    ask(actor, plan)
    assert desk.desk_of(actor, round_).next_step == before == "read_plan"
    match = rounds.request(actor, round_)
    assert matching.claim_next_run(rounds.LEASE_SECONDS).run_id == match.id


def test_an_owner_reads_what_of_its_own_record_would_help_and_not_a_number_of_seats(plan, actor):
    """Whom a change would displace, how many seats are left and who would be next stay with coordinators."""
    explained(actor, plan)
    publishing.publish_plan(actor, plan.id, plan.version)
    study = explanations.read_study(actor, plan.id)
    participants = {code: factories.make_participant(code) for code in ("XAA", "XAB", "XAC", "XAD")}
    told = 0
    for code, participant in participants.items():
        owner = Actor(1, "focal_point", participant.id, code)
        excerpt = publication.plan_for_participant(owner, plan.round.code)
        excerpt.pop("published_at")
        text = json.dumps(excerpt["explanation"])
        others = {ref for ref, label in plan.labels["needs"].items() if label["recipient"] != code}
        assert not any(other in json.dumps(excerpt) for other in others)
        assert not {"seats_gained", "seats_lost_by_others", "needs_losing", "gains"} & set(text.split('"'))
        for row in excerpt["explanation"]["unmet"]:
            whole = study.changes[row["need"]].row
            all_kinds = [one["change"]["kind"] for one in whole["helps"]]
            own = [kind for kind in all_kinds if kind != "support"]
            assert [one["change"]["kind"] for one in row["changes"]["helps"]] == own
            assert set(row["changes"]) == {"helps"}
            told += len(own)
            for one in row["changes"]["helps"]:
                assert set(one) == {"change"}
                is_in_days = one["change"]["kind"] in ("earlier", "later")
                assert (one["change"]["amount"] is not None) == is_in_days
    assert told
    db.session.rollback()


def test_a_provider_reads_nothing_of_what_would_help_others(plan, actor):
    explained(actor, plan)
    publishing.publish_plan(actor, plan.id, plan.version)
    provider = Actor(1, "focal_point", factories.make_participant("XPA").id, "XPA")
    excerpt = publication.plan_for_participant(provider, plan.round.code)
    assert excerpt["explanation"]["unmet"] == []
    assert "prices" not in excerpt["explanation"]
