"""Records are circulated, needs by consent alone; an offer that stays inside is not shown outside."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, Stale
from lcm_service.mail.texts import write_text
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Need, OutboxMessage
from lcm_service.services import exports, submissions, trail
from lcm_service.services.match_views import NEED_FIELDS_FOR_PROVIDERS
from lcm_service.services.snapshot_records import gather_records
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.submissions.kinds import FIND, KINDS, LIST, MAKE, REVISE, participant_of

NOTE: dict[str, Any] = {"note_reference": "NV/12/2027", "note_date": date(2026, 10, 1)}
SECRETS = ("kestrel-title", "kestrel-detail", "kestrel-basis", "critical", "717171", "kestrel-reason")


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def circulate(actor, kind, record, version=None):
    return submissions.circulate_record(actor, kind, record.reference, version or record.version)


def acknowledged(kind, owner, coordinator, round, **columns):
    record = MAKE[kind](participant_of(owner), round, **{"visibility_consent": True, **columns})
    return submissions.acknowledge_record(coordinator, kind, record.reference, record.version)


def listed(actor):
    return [one.reference for one in submissions.list_circulated_needs(actor, "R2027")]


def test_who_has_records_in_the_round_is_told_once_of_what_is_circulated(
    kind, owner, stranger, coordinator, round
):
    record = acknowledged(kind, owner, coordinator, round)
    factories.make_support(participant_of(stranger), round)
    factories.make_offer(participant_of(stranger), round)
    factories.make_offer(factories.make_participant(), round, state="withdrawn")
    factories.make_need()
    db.session.query(OutboxMessage).delete()
    db.session.commit()
    before = utc_now()
    found = circulate(coordinator, kind, record)
    assert (found.state, found.circulated_at >= before) == ("circulated", True)
    rows = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [(one.kind, one.participant_id) for one in rows] == [
        (f"{kind}.circulate", owner.participant_id),
        (f"circulation.{kind}", stranger.participant_id),
    ]
    mail = write_text([(rows[1].kind, rows[1].facts)], "en", "https://lcm.example.org").body
    assert "1 record was circulated" in mail
    assert record.reference not in mail
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (event.action, event.fields) == ("circulate", ["state"])
    # It counts in matching as before.
    whole = gather_records(db.session(), found.round)
    counted: list[Any] = [*whole.needs, *whole.offers, *whole.supports]
    assert record.reference in {one.reference for one in counted}


def test_a_coordinator_alone_circulates_and_only_what_was_acknowledged(
    kind, owner, stranger, coordinator, round
):
    record = acknowledged(kind, owner, coordinator, round)
    for actor in (owner, stranger, factories.make_actor("observer"), factories.make_actor("administrator")):
        with pytest.raises(NotAllowed):
            circulate(actor, kind, record)
    with pytest.raises(Stale):
        circulate(coordinator, kind, record, version=record.version + 1)
    new = MAKE[kind](participant_of(owner), round, visibility_consent=True)
    with pytest.raises(Conflict):
        circulate(coordinator, kind, new)
    done = circulate(coordinator, kind, record)
    with pytest.raises(Conflict):
        circulate(coordinator, kind, done)
    # The note may come later, once; a record that is circulated can be given back.
    vouched = submissions.authenticate_record(
        coordinator, kind, record.reference, version=done.version, **NOTE
    )
    assert vouched.state == "circulated"
    with pytest.raises(Conflict, match="already"):
        submissions.authenticate_record(coordinator, kind, record.reference, version=vouched.version, **NOTE)
    returned = submissions.return_record(
        coordinator, kind, record.reference, questions="Which?", version=vouched.version
    )
    assert (returned.state, submissions.state_for(coordinator, returned)) == ("returned", "returned")


@pytest.mark.parametrize("consent", [None, False])
def test_a_need_is_not_circulated_without_consent(owner, coordinator, round, consent):
    need = acknowledged("need", owner, coordinator, round, visibility_consent=consent)
    with pytest.raises(Conflict, match="has not agreed"):
        circulate(coordinator, "need", need)
    # Not even where its state says so.
    need.state = "circulated"
    db.session.commit()
    assert listed(coordinator) == []


def test_of_a_circulated_need_everyone_reads_what_a_provider_may_and_no_more(
    owner, stranger, coordinator, round
):
    need = acknowledged(
        "need",
        owner,
        coordinator,
        round,
        title="kestrel-title",
        detail="kestrel-detail",
        basis_reference="kestrel-basis",
        recognition_reason="kestrel-reason",
        priority_asked="critical",
        seats_asked=717_171,
        women=3,
    )
    other = acknowledged("need", owner, coordinator, round)
    circulate(coordinator, "need", need)
    for actor in (owner, stranger, coordinator, factories.make_actor("observer")):
        (one,) = submissions.list_circulated_needs(actor, "R2027")
        told = asdict(one)
        assert set(told) == {*NEED_FIELDS_FOR_PROVIDERS, "reference", "names", "earliest", "latest"} - {
            "women"
        }
        assert told["recipient"] == owner.participant_code
        assert (told["areas"], told["earliest"]) == (["C-IED"], date(2027, 3, 1))
        # How many a State lacks is a weakness: no number of seats stands there.
        assert "women" not in told
        text = json.dumps(told, default=str)
        assert not [word for word in (*SECRETS, other.reference) if word in text]
    # The need itself is as closed as ever.
    with pytest.raises(NotFound):
        submissions.find_need(stranger, need.reference)
    with pytest.raises(NotFound):
        trail.list_events(stranger, "need", need.reference)
    with pytest.raises(NotAllowed):
        submissions.list_circulated_needs(factories.make_actor("administrator"), "R2027")
    with pytest.raises(NotFound):
        submissions.list_circulated_needs(stranger, "R2999")
    row = db.session.get(Need, need.id)
    row.expires_on = utc_now().date() - timedelta(days=1)
    db.session.commit()
    assert listed(stranger) == []


@pytest.mark.parametrize("was", ["acknowledged", "authenticated"])
def test_whoever_takes_its_consent_back_is_named_no_more(owner, stranger, coordinator, round, was):
    need = acknowledged("need", owner, coordinator, round)
    if was == "authenticated":
        need = submissions.authenticate_record(
            coordinator, "need", need.reference, version=need.version, **NOTE
        )
    done = circulate(coordinator, "need", need)
    same = submissions.revise_need(owner, need.reference, {"detail": "More."}, done.version)
    assert (same.state, listed(stranger)) == ("circulated", [need.reference])
    consent = {"visibility_consent": None if was == "acknowledged" else False}
    back = submissions.revise_need(owner, need.reference, consent, same.version)
    assert (back.state, back.circulated_at, listed(stranger)) == (was, None, [])
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert event.fields == ["state", "visibility_consent"]


@pytest.mark.parametrize("kind", ["offer", "support"])
def test_an_offer_that_may_not_be_shown_outside_is_not_shown_to_observers(
    kind, owner, stranger, coordinator, round
):
    hidden, open_, unsaid = (
        MAKE[kind](participant_of(owner), round, visibility_consent=consent)
        for consent in (False, True, None)
    )
    observer = factories.make_actor("observer")
    assert [one.reference for one in LIST[kind](observer, "R2027")] == [open_.reference, unsaid.reference]
    for actor in (owner, stranger, coordinator):
        assert len(LIST[kind](actor, "R2027")) == 3
        assert FIND[kind](actor, hidden.reference).reference == hidden.reference
        trail.list_events(actor, kind, hidden.reference)
    for read in (FIND[kind], lambda actor, reference: trail.list_events(actor, kind, reference)):
        with pytest.raises(NotFound):
            read(observer, hidden.reference)
        read(observer, open_.reference)
    back = REVISE[kind](owner, hidden.reference, {"visibility_consent": True}, hidden.version)
    assert FIND[kind](observer, back.reference).reference == back.reference


def test_a_file_says_which_offers_may_not_be_shown_outside(app):
    actor, round = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round)
    offer = factories.make_offer(round=round)
    plan = rounds.solve_round(actor, round)
    for consent, hidden in ((None, True), (False, True), (True, False)):
        offer.visibility_consent = consent
        db.session.commit()
        inside = exports.export_plan(actor, plan.id)["not_for_outside"]
        assert inside == sorted([need.reference, *([offer.reference] if hidden else [])])
        (row,) = exports.export_plan_rows(actor, plan.id)
        assert row["offer_shown_outside"] == ("no" if hidden else "yes")
