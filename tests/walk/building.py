"""The world of the walk, built once: one small round in which there is a record of every state, a match of
every state, courses with several recipients and givers, a corrected plan, drafts, and three rounds' plans.

Nothing here is asked by the walk itself; `asking.py` finds what it needs by the names that `names.py` holds.
"""

from datetime import date, timedelta

from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.sign_in_terms import LONGEST_SIGN_IN
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import (
    ApiToken,
    Invitation,
    LeadDelegation,
    PasswordRenewal,
    Round,
    SignIn,
)
from lcm_service.services import (
    activities,
    corrections,
    explanations,
    guidance,
    invitations,
    matching,
    publish_gate,
    renewals,
    sheets,
    wordings,
)
from lcm_service.services.throttle import sha256_of
from tests import factories, publishing
from tests.service import matching_rounds
from tests.walk import courses, records
from tests.walk.names import (
    APPROVED,
    CLOSED,
    CODE,
    PARTICIPANT_OF,
    PUT_FORWARD,
    ROUND,
    SCENES,
    actor,
    key_of,
    match_of,
    person,
    token_of,
)
from tests.walk.presses import GUIDANCE, SHEET
from tests.walk.words import READERS, word


def build() -> None:
    """Everything, in the order in which it would happen; needs an open context."""
    make_people()
    round_ = factories.make_round(ROUND, opens_on=date(2024, 1, 1))
    records.make_records(round_)
    publish_and_correct(round_)
    courses.drive()
    matching_rounds.solve_round(actor("coordinator"), round_)
    make_other_plans()
    leave_traces()
    for role in (*READERS, "ended"):
        give_keys(role)


def make_people() -> None:
    for role in (*READERS, "ended"):
        code = PARTICIPANT_OF.get(role)
        factories.make_person(
            "focal_point" if code else {"approver": "coordinator"}.get(role, role),
            factories.make_participant(code) if code else None,
            email=f"{role}@example.org",
            name=word("name", role),
            is_lead=bool(code) and role not in ("colleague", "ended"),
            is_active=role != "ended",
        )
    today = utc_now().date()
    # The colleague stood in for the lead until yesterday.
    days = {"first_day": today - timedelta(days=9), "last_day": today - timedelta(days=1)}
    factories.save(LeadDelegation(person_id=person("colleague").id, **days))


def publish_and_correct(round_: Round) -> None:
    """Publish; of one pair all agree to few seats; then a correcting plan withdraws one pair and gives more
    seats to that one.
    """
    coordinator = actor("coordinator")
    run = matching_rounds.solve_round(coordinator, round_)
    plan = matching_rounds.publish(coordinator, run, put=False)
    courses.agree(SCENES["grown"])
    records.set_columns("offer", SCENES["grown"].replace("N", "O"), seats=9_000)
    # What the provider knows of, so that it reads the notice; the course was about something else.
    courses.consent(SCENES["corrected"])
    withdrawn = match_of(SCENES["corrected"])
    records.set_columns("offer", withdrawn.offer_reference, areas=["S-LEFT"])
    corrections.request_correction(
        coordinator,
        plan.round.code,
        word("notice", withdrawn.need_reference),
        {withdrawn.id: "capacity"},
        idempotency_key="correction",
    )
    (run,) = matching_rounds.solve_waiting_runs()
    plan = matching_rounds.plan_of(coordinator, run)
    plan = publishing.publish_plan(coordinator, plan.id, plan.version)
    explanations.request_explanation(coordinator, plan.id, idempotency_key="what-would-help")
    matching_rounds.solve_waiting_runs()


def make_other_plans() -> None:
    """A plan that waits for its approval, one that is held, and a run that waits for a worker."""
    coordinator = actor("coordinator")
    for number, code in enumerate((PUT_FORWARD, APPROVED), 3):
        round_ = factories.make_round(code, opens_on=date(2024, 1, 1), hold_minutes=600)
        records.make_need(f"N-0{number}01", round_, f"S-{code}")
        records.make_offer(f"O-0{number}01", round_, f"S-{code}")
        run = matching_rounds.solve_round(coordinator, round_)
        plan = matching_rounds.plan_of(coordinator, run)
        plan = publish_gate.put_plan_forward(coordinator, plan.id, plan.version)
        if code == APPROVED:
            publish_gate.approve_plan(actor("approver"), plan.id, plan.version)
    factories.make_round(CLOSED, state="closed")
    matching.request_run(coordinator, ROUND, idempotency_key="waits-for-a-worker")


def leave_traces() -> None:
    """An activity outside of any round; a sheet, an invitation and a renewal that wait."""
    activity = {"state": "planned", "title": "An activity", "provider_code": "XPA"}
    activities.record_activity(actor("provider"), activity)
    factories.make_area(GUIDANCE["area"])
    guidance.record_guidance(actor("coordinator"), GUIDANCE)
    wordings.correct_wording(actor("coordinator"), "fr", "Start", 0, "Le début", 0)
    invitations.invite(
        actor("recipient"),
        email="invited@example.org",
        name=word("name", "invited"),
        participant_code=PARTICIPANT_OF["recipient"],
    )
    sheets.store_sheet(actor("recipient"), "need", PARTICIPANT_OF["recipient"], ROUND, SHEET)
    renewals.begin_renewal(SYSTEM, person("funder").email)
    for table in (Invitation, PasswordRenewal):
        db.session.query(table).update({"code_sha256": sha256_of(CODE)})
    db.session.commit()


def give_keys(role: str) -> None:
    """A sign-in and two tokens, one to read alone; as if seen in some hours, so that the walk's own asking,
    however long it takes, writes nothing.
    """
    now, who = utc_now(), person(role)
    seen = now + timedelta(hours=9)
    values = {"completed_at": now, "last_seen_at": seen, "ends_at": now + LONGEST_SIGN_IN}
    db.session.add(SignIn(person_id=who.id, key_sha256=sha256_of(key_of(role)), **values))
    for scope in ("act", "read"):
        _, prefix, secret = token_of(role, scope).split("_", 2)
        row = ApiToken(
            person_id=who.id,
            label=word("label", f"{role}-{scope}"),
            prefix=prefix,
            secret_sha256=sha256_of(secret),
            scope=scope,
            expires_at=now + timedelta(days=9),
            last_used_at=seen,
        )
        db.session.add(row)
    db.session.commit()
