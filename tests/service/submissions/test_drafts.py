"""A draft is its participant's own: read, counted and told of nowhere else, sent as a record of now."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, OfferSession, OutboxMessage, Participant
from lcm_service.services import (
    circulation,
    deployed,
    questions,
    record_ends,
    submissions,
    trail,
)
from lcm_service.services.snapshot_records import gather_records
from tests import factories
from tests.service.submissions.kinds import FIND, KINDS, LIST, REVISE, WITHDRAW, least, participant_of
from tests.service.test_two_at_once import at_once

SESSIONS = [
    {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 16), "seats": 20},
    {"starts_on": date(2027, 6, 7)},
]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def values(kind):
    more: dict[str, dict[str, Any]] = {
        "offer": {"sessions": SESSIONS, "except": ["XAC"]},
        "need": {"seats_asked": 40},
    }
    return least(kind) | {"detail": "kestrel"} | more.get(kind, {})


def save(kind, owner, **more):
    factories.make_participant("XAC")
    return submissions.save_draft(owner, kind, owner.participant_code, "R2027", values(kind) | more)


def events():
    rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
    return [(row.action, row.record_reference) for row in rows]


def everybody_else(owner):
    others = ("focal_point", "coordinator", "observer", "administrator")
    return [*(factories.make_actor(role) for role in others), SYSTEM]


def test_nobody_but_its_own_participant_finds_a_draft_anywhere(kind, owner, round):
    draft = save(kind, owner, expires_on=utc_now().date() - timedelta(days=1), visibility_consent=True)
    colleague = factories.make_actor("focal_point", participant_of(owner))
    for own in (owner, colleague):
        assert FIND[kind](own, draft.reference).state == "draft"
        assert [one.reference for one in LIST[kind](own, "R2027")] == [draft.reference]
        assert [one.action for one in trail.list_events(own, kind, draft.reference)] == ["save"]
        assert LIST[kind](own, "R2027", only_live=True) == []
    missing = f"{draft.reference[:-1]}!"
    for other in everybody_else(owner):
        for act in (
            FIND[kind],
            lambda actor, reference: REVISE[kind](actor, reference, {"title": "x"}, 1),
            lambda actor, reference: WITHDRAW[kind](actor, reference, 1),
            lambda actor, reference: trail.list_events(actor, kind, reference),
            lambda actor, reference: submissions.submit_draft(actor, kind, reference, 1),
            lambda actor, reference: submissions.discard_draft(actor, kind, reference, 1),
        ):
            words = []
            for reference in (draft.reference, missing):
                with pytest.raises(NotFound) as refusal:
                    act(other, reference)
                words.append((refusal.value.message.replace(reference, "X"), refusal.value.details))
            assert words[0] == words[1]
        try:
            assert LIST[kind](other, "R2027") == []
            assert LIST[kind](other, "R2027", participant_code=owner.participant_code) == []
            with pytest.raises(NotValid):
                LIST[kind](other, "R2027", after=draft.reference)
        except NotAllowed:
            assert other.role in ("observer", "administrator")
    coordinator = factories.make_actor("coordinator")
    for step in (submissions.acknowledge_record, submissions.circulate_record):
        with pytest.raises(NotFound):
            step(coordinator, kind, draft.reference, 1)
    # Nor does the service look at it, count it, ask about it or tell of it.
    whole = gather_records(db.session(), round)
    assert (whole.needs, whole.offers, whole.supports) == ((), (), ())
    assert (record_ends.expire_overdue(SYSTEM), record_ends.remind_of_ends(SYSTEM)) == (0, 0)
    assert deployed.weigh_asks(coordinator, "R2027") == deployed.weigh_asks(owner, "R2027") == {}
    assert circulation.list_circulated_needs(owner, "R2027") == []
    assert questions.list_questions(coordinator, "R2027") == []
    assert db.session.scalars(select(OutboxMessage)).all() == []


def test_a_draft_is_sent_as_a_record_of_now_and_leaves_no_gap(kind, owner, stranger, round):
    draft = save(kind, owner)
    name, moment = draft.reference, draft.created_at
    before = submissions.submit_offer(stranger, stranger.participant_code, "R2027", least("offer"))
    same_kind = {"need": "N", "offer": "O", "support": "R"}[kind]
    changed = REVISE[kind](owner, name, {"title": "Another"}, draft.version)
    assert (changed.state, changed.version) == ("draft", 2)
    sent = submissions.submit_draft(owner, kind, name, changed.version)
    number = 2 if kind == "offer" else 1
    assert (sent.reference, sent.state, sent.version) == (f"{same_kind}-{number:04}", "submitted", 1)
    assert sent.created_at > moment
    assert (sent.title, sent.detail) == ("Another", "kestrel")
    if kind == "offer":
        rows = [(one.key, one.starts_on, one.ends_on, one.seats) for one in sent.sessions]
        assert rows == [
            ("S1", date(2027, 4, 5), date(2027, 4, 16), 20),
            ("S2", date(2027, 6, 7), None, None),
        ]
        assert (sent.except_, db.session.query(OfferSession).count()) == (["XAC"], 2)
        # Who reads on after the last record that it knows finds it.
        assert [one.reference for one in LIST[kind](stranger, "R2027", after=before.reference)] == [
            sent.reference
        ]
        assert [one.action for one in trail.list_events(stranger, kind, sent.reference)] == ["submit"]
    with pytest.raises(NotFound):
        FIND[kind](owner, name)
    with pytest.raises(NotFound):
        submissions.submit_draft(owner, kind, name, changed.version)
    assert events() == [
        ("save", name),
        ("submit", before.reference),
        ("revise", name),
        ("send", name),
        ("submit", sent.reference),
    ]
    assert [
        one.participant_id for one in db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    ] == [
        stranger.participant_id,
        owner.participant_id,
    ]


def test_a_discarded_draft_is_gone(kind, owner, round):
    draft = save(kind, owner)
    name = draft.reference
    with pytest.raises(Stale):
        submissions.discard_draft(owner, kind, name, 7)
    with pytest.raises(Conflict, match="discard it"):
        WITHDRAW[kind](owner, name, 1)
    assert FIND[kind](owner, name).state == "draft"
    submissions.discard_draft(owner, kind, name, 1)
    assert LIST[kind](owner, "R2027") == []
    assert events() == [("save", name), ("discard", name)]
    for actor in (owner, factories.make_actor("coordinator")):
        with pytest.raises(NotFound):
            trail.list_events(actor, kind, name)


def test_what_was_sent_is_no_draft_and_a_closed_round_takes_none(kind, owner, coordinator, round):
    sent = submissions.submit_draft(owner, kind, save(kind, owner).reference, 1)
    for step in (submissions.submit_draft, submissions.discard_draft):
        with pytest.raises(Conflict, match="no draft"):
            step(owner, kind, sent.reference, sent.version)
        with pytest.raises(NotAllowed):
            step(coordinator, kind, sent.reference, sent.version)
    draft = save(kind, owner)
    round.state = "closed"
    db.session.commit()
    with pytest.raises(Conflict, match="closed"):
        submissions.submit_draft(owner, kind, draft.reference, 1)
    assert FIND[kind](owner, draft.reference).state == "draft"
    with pytest.raises(Conflict, match="closed"):
        save(kind, owner)


def test_a_coordinator_keeps_no_draft_for_others(kind, owner, coordinator, round):
    with pytest.raises(NotAllowed):
        submissions.save_draft(coordinator, kind, owner.participant_code, "R2027", values(kind))
    assert events() == []


def test_a_draft_is_checked_like_a_record(owner, round):
    wrong = {"earliest": date(2027, 5, 1), "latest": date(2027, 4, 1)}
    with pytest.raises(NotValid):
        save("need", owner, **wrong)


def begin(actor, kind, **more):
    said = least(kind) | more
    return submissions.begin_draft(actor, kind, actor.participant_code, "R2027", said, step="what")


def test_of_presses_at_once_one_begins_the_draft(app, owner, kind):
    factories.make_round("R2027")
    begun = at_once(app, [lambda: begin(owner, kind).reference] * 4)
    assert len(set(begun)) == 1
    assert begin(owner, kind).kept_steps == ["what"]
    assert begin(owner, kind, title="Another").reference not in begun


def test_what_a_colleague_has_begun_is_not_gone_on_with(owner):
    factories.make_round("R2027")
    colleague = factories.make_actor("focal_point", db.session.get(Participant, owner.participant_id))
    theirs, own = begin(colleague, "need").reference, begin(owner, "need").reference
    assert theirs != own
    assert (begin(colleague, "need").reference, begin(owner, "need").reference) == (theirs, own)


@pytest.mark.parametrize("is_colleague", [False, True])
def test_a_draft_that_was_filled_in_meanwhile_is_not_given_as_a_new_one(owner, is_colleague):
    factories.make_round("R2027")
    writer = owner
    if is_colleague:
        writer = factories.make_actor("focal_point", db.session.get(Participant, owner.participant_id))
    first = begin(owner, "need")
    submissions.revise_need(writer, first.reference, {"seats_asked": 33}, first.version)
    again = begin(owner, "need")
    assert again.reference != first.reference
    assert again.seats_asked is None
