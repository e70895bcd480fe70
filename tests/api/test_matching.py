"""A round through the API alone: asked for, read, published, answered by both sides, exported, released."""

from types import SimpleNamespace

import pytest
from sqlalchemy import update

from lcm_service.domain.standing import notice_of
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Activity, Question, Round
from tests import factories
from tests.api.callers import Caller
from tests.service.matching_rounds import solve_waiting_runs


@pytest.fixture
def at_work(app):
    """A round with one need and one offer that fit, solved; its plan is a draft."""
    round = factories.make_round("R2027")
    recipient, provider = factories.make_person(), factories.make_person()
    need = factories.make_need(recipient.participant, round, title="Our weakness")
    offer = factories.make_offer(provider.participant, round)
    coordinator = Caller(app, factories.make_person("coordinator"))
    run = coordinator.post("/runs/?round=R2027", headers={"Idempotency-Key": "a-key-of-ours"})
    solve_waiting_runs()
    return SimpleNamespace(
        coordinator=coordinator,
        recipient=Caller(app, recipient),
        provider=Caller(app, provider),
        approver=Caller(app, factories.make_person("coordinator")),
        other=Caller(app, factories.make_person()),
        need=need,
        offer=offer,
        run=run.json["id"],
        plan=coordinator.get("/plans/?round=R2027").json[0],
    )


@pytest.fixture
def asked(at_work):
    """The plan is published: the recipient is asked whether it agrees to be put to the provider."""
    path = f"/plans/{at_work.plan['id']}"
    plan = at_work.coordinator.post(f"{path}/putting-forward", version=at_work.plan["version"])
    assert (plan.json["state"], plan.json["leaves_at"]) == ("put_forward", None)
    assert at_work.coordinator.post(f"{path}/approval", version=plan.json["version"]).status_code == 403
    plan = at_work.approver.post(f"{path}/approval", version=plan.json["version"])
    assert plan.json["state"] == "published"
    assert plan.json["leaves_at"] == plan.json["approved_at"]
    at_work.match = at_work.coordinator.get("/matches/?round=R2027").json[0]
    return at_work


@pytest.fixture
def published(asked):
    """The recipient has agreed to be put to the provider."""
    agreed = asked.recipient.post(f"/matches/{asked.match['id']}/consent", {}, version=asked.match["version"])
    assert agreed.status_code == 200
    return asked


def answer(caller, match, side, **more):
    current = caller.get(f"/matches/{match['id']}").json["version"]
    act = "decline" if "reason" in more else "confirmation"
    return caller.post(f"/matches/{match['id']}/{act}", {"side": side, **more}, version=current)


def test_a_run_that_is_done_leads_to_its_plan(at_work):
    run = at_work.coordinator.get(f"/runs/{at_work.run}").json
    assert (run["state"], run["outcome"], run["plan"]) == ("done", "optimal", at_work.plan["id"])
    assert run["problem_sha256"] == at_work.plan["problem_sha256"]
    assert run["story"]


def test_a_draft_is_for_coordinators_alone(at_work):
    path = f"/plans/{at_work.plan['id']}"
    for caller in (at_work.recipient, at_work.provider, at_work.other):
        assert caller.get(path).status_code == 403
        assert caller.get(f"{path}/export").status_code == 404
        for act in ("putting-forward", "approval", "taking-back", "discarding"):
            assert caller.post(f"{path}/{act}", version=1).status_code == 403
        assert caller.get("/matches/?round=R2027").json == []


def test_a_plan_is_taken_back_before_it_leaves(at_work):
    path = f"/plans/{at_work.plan['id']}"
    plan = at_work.coordinator.post(f"{path}/putting-forward", version=at_work.plan["version"])
    back = at_work.approver.post(f"{path}/taking-back", version=plan.json["version"])
    assert (back.json["state"], back.json["put_forward_at"]) == ("draft", None)


def test_a_plan_is_put_forward_in_the_version_that_was_read(at_work):
    path = f"/plans/{at_work.plan['id']}/putting-forward"
    assert at_work.coordinator.post(path).status_code == 428
    assert at_work.coordinator.post(path, version=at_work.plan["version"] + 1).status_code == 412


def test_a_draft_is_put_aside(at_work):
    path = f"/plans/{at_work.plan['id']}/discarding"
    gone = at_work.coordinator.post(path, version=at_work.plan["version"])
    assert gone.json["state"] == "discarded"


def test_the_recipient_agrees_first_and_only_then_does_the_provider_see_the_match(asked):
    path, missing = f"/matches/{asked.match['id']}", "/matches/999"
    assert (asked.match["state"], asked.match["waiting_for"], asked.match["consent"]) == (
        "asked",
        "recipient",
        None,
    )
    before, nothing = asked.provider.get(path), asked.provider.get(missing)
    assert before.status_code == nothing.status_code == 404
    assert before.json["detail"] == nothing.json["detail"].replace("999", str(asked.match["id"]))
    assert asked.provider.post(f"{path}/consent", {}, version=1).status_code == 404
    letter = {"on_behalf": True, "note": "Note verbale 12/27"}
    assert asked.coordinator.post(f"{path}/consent", {}, version=1).status_code == 403
    agreed = asked.coordinator.post(f"{path}/consent", letter, version=1).json
    assert (agreed["state"], agreed["waiting_for"]) == ("proposed", "provider")
    consent = agreed["consent"]
    assert (consent["is_on_behalf"], consent["note"], consent["seats"]) == (True, letter["note"], 20)
    seen = asked.provider.get(path).json
    assert (seen["state"], seen["seats"], seen["consent"]["note"]) == ("proposed", 20, None)


def test_the_wrong_order_is_a_conflict_that_says_whose_turn_it_is(published):
    refused = answer(published.recipient, published.match, "recipient")
    assert refused.status_code == 409
    assert "The provider has not confirmed" in refused.json["detail"]


def test_both_sides_and_the_secretariat_confirm_in_turn_and_the_match_is_agreed(published):
    for caller, side in (
        (published.provider, "provider"),
        (published.recipient, "recipient"),
        (published.coordinator, "secretariat"),
    ):
        confirmed = answer(caller, published.match, side)
        assert confirmed.status_code == 200
        assert confirmed.headers["ETag"] == f'"{confirmed.json["version"]}"'
    assert confirmed.json["state"] == "agreed"
    assert {one["side"] for one in confirmed.json["decisions"]} == {"recipient", "provider", "secretariat"}


def test_nobody_answers_for_another_side(published):
    assert answer(published.recipient, published.match, "provider").status_code == 403
    assert answer(published.provider, published.match, "recipient", reason="dates").status_code == 403
    assert answer(published.recipient, published.match, "secretariat").status_code == 403


def test_a_decline_says_why_by_a_listed_reason(published):
    assert answer(published.provider, published.match, "provider", reason="a whim").status_code == 422
    declined = answer(
        published.provider, published.match, "provider", reason="dates", note="No venue in April."
    )
    assert declined.json["state"] == "declined"
    # Why is for the side itself and for coordinators.
    seen = published.recipient.get(f"/matches/{published.match['id']}").json["decisions"][0]
    assert (seen["answer"], seen["reason"], seen["note"]) == ("declined", None, None)


def test_a_coordinator_releases_a_match(published):
    path = f"/matches/{published.match['id']}/release"
    assert published.recipient.post(path, {"reason": "other"}, version=1).status_code == 403
    version = published.coordinator.get(f"/matches/{published.match['id']}").json["version"]
    released = published.coordinator.post(path, {"reason": "other"}, version=version)
    assert released.json["state"] == "released"


def test_a_withdrawn_need_releases_its_match_in_the_same_moment(published):
    published.recipient.post(f"/needs/{published.need.reference}/withdrawal", version=1)
    assert published.coordinator.get(f"/matches/{published.match['id']}").json["state"] == "released"


def test_a_match_is_another_states_secret(published):
    path = f"/matches/{published.match['id']}"
    there, missing = published.other.get(path), published.other.get("/matches/999")
    assert (there.status_code, missing.status_code) == (404, 404)
    assert published.other.get("/matches/?round=R2027").json == []


def test_a_provider_reads_of_a_need_only_what_it_must(published):
    seen = published.provider.get(f"/matches/{published.match['id']}")
    assert seen.json["need"]["title"] is None
    assert "Our weakness" not in seen.text
    assert (
        published.recipient.get(f"/matches/{published.match['id']}").json["need"]["title"] == "Our weakness"
    )


def test_the_export_is_whole_for_coordinators_and_cut_for_others(published):
    path = f"/plans/{published.plan['id']}"
    whole = published.coordinator.get(f"{path}/export").json
    assert whole["format"] == "lcm-plan-export/1"
    assert whole["plan"]["format"] == "lcm-plan/1"
    problem = published.coordinator.get(f"{path}/problem").json
    assert problem["problem"]["needs"][0]["id"] == published.need.reference
    assert published.recipient.get(f"{path}/problem").status_code == 403
    theirs = published.other.get(f"{path}/export")
    assert theirs.json["plan"]["assignments"] == []
    assert published.need.reference not in theirs.text


@pytest.mark.parametrize("standing", ["submitted", "public_sources", "exercise"])
def test_everything_that_is_answered_of_a_round_says_where_it_comes_from(published, standing):
    db.session.execute(update(Round).values(standing=standing))
    support = factories.make_support(round=published.need.round)
    factories.save(
        Question(
            round_id=published.need.round_id,
            record_kind="support",
            record_reference=support.reference,
            field="quantity",
        )
    )
    get = published.coordinator.get
    plan, match = get("/plans/?round=R2027").json[0], published.match["id"]
    answers = [
        *(get(f"/{kind}/?round=R2027").json["items"][0] for kind in ("needs", "offers", "supports")),
        *(get(f"/{kind}/?round=R2027").json[0] for kind in ("questions", "runs", "plans", "matches")),
        get("/rounds/").json[0],
        get("/rounds/R2027").json,
        get(f"/needs/{published.need.reference}").json,
        get(f"/runs/{published.run}").json,
        get(f"/plans/{plan['id']}").json,
        get(f"/matches/{match}").json,
        get(f"/plans/{plan['id']}/export").json,
        get(f"/plans/{plan['id']}/problem").json,
    ]
    assert {(one["standing"], one["notice"]) for one in answers} == {(standing, notice_of(standing))}


def test_activities_and_what_sources_say_of_needs_carry_their_own_notice(at_work):
    for source in (None, {"publisher": "A ministry", "kind": "press release"}):
        factories.save(
            Activity(reference=f"A-{source is None}", title="A course", state="planned", source=source)
        )
    assert {one["standing"] for one in at_work.recipient.get("/activities/").json} == {
        "submitted",
        "public_sources",
    }
    context = at_work.recipient.get("/activities/context").json
    assert context
    assert {one["notice"] for one in context} == {notice_of("public_sources")}
