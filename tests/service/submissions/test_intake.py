"""What came in to a round: what waits, what lacks, what ends, what may be there twice; many acknowledged at
once.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Need, OutboxMessage
from lcm_service.services import audit, intake, record_ends, submissions
from lcm_service.services.intake import MOST_AT_ONCE, Chosen
from lcm_service.web.portions import ROWS_IN_A_PORTION
from tests import factories
from tests.service.submissions.kinds import FIND, KINDS, MAKE, REVISE, WITHDRAW, participant_of


def as_read(kind, record):
    return Chosen(kind, record.reference, record.version)


def entries(found):
    return [(one.kind, one.record.reference) for one in found]


def counts():
    return tuple(
        db.session.scalar(select(func.count()).select_from(table)) for table in (AuditEvent, OutboxMessage)
    )


def come_before(record, **ago):
    """Let a record have come so long ago."""
    record.created_at = utc_now() - timedelta(**ago)
    db.session.commit()


@pytest.fixture
def came_in(owner, round):
    """A record of each kind that nobody has acknowledged."""
    return {kind: MAKE[kind](participant_of(owner), round) for kind in KINDS}


class TestManyAtOnce:
    def test_each_chosen_record_is_acknowledged_with_its_event_and_its_message(
        self, came_in, coordinator, round
    ):
        chosen = [as_read(kind, record) for kind, record in came_in.items()]
        found = intake.acknowledge_chosen(coordinator, round.code, chosen)
        assert (found.done, found.left) == (tuple(one.reference for one in chosen), ())
        for kind, record in came_in.items():
            now = FIND[kind](coordinator, record.reference)
            assert (now.state, now.acknowledged_at is not None) == ("acknowledged", True)
        events = db.session.execute(
            select(AuditEvent.action, AuditEvent.record_kind, AuditEvent.record_reference, AuditEvent.fields)
        )
        assert {tuple(map(str, row)) for row in events} == {
            ("acknowledge", one.kind, one.reference, "['state']") for one in chosen
        }
        messages = db.session.execute(select(OutboxMessage.kind, OutboxMessage.facts)).all()
        assert sorted((kind, facts["reference"]) for kind, facts in messages) == sorted(
            (f"{one.kind}.acknowledge", one.reference) for one in chosen
        )
        assert audit.verify_audit(SYSTEM, []).faults == []

    def test_twenty_are_acknowledged_by_one_press(self, owner, coordinator, round):
        needs = [factories.make_need(participant_of(owner), round) for _ in range(20)]
        found = intake.acknowledge_chosen(coordinator, round.code, [as_read("need", one) for one in needs])
        assert found.done == tuple(one.reference for one in needs)
        assert counts() == (20, 20)
        assert intake.read_intake(coordinator, round.code).waiting == []

    def test_those_that_changed_meanwhile_are_left_and_it_is_said_why(self, owner, coordinator, round):
        needs = [factories.make_need(participant_of(owner), round) for _ in range(5)]
        chosen = [as_read("need", one) for one in needs]
        _, revised, acknowledged, withdrawn, _ = needs
        REVISE["need"](owner, revised.reference, {"title": "Another title"}, revised.version)
        submissions.acknowledge_record(coordinator, "need", acknowledged.reference, acknowledged.version)
        WITHDRAW["need"](owner, withdrawn.reference, withdrawn.version)
        before = counts()
        found = intake.acknowledge_chosen(coordinator, round.code, [*chosen, Chosen("need", "N-9999", 1)])
        assert found.done == (chosen[0].reference, chosen[4].reference)
        why = dict(found.left)
        assert list(why) == [chosen[1].reference, chosen[2].reference, chosen[3].reference, "N-9999"]
        assert "was changed (title) since you read it" in why[chosen[1].reference]
        assert why[chosen[2].reference] == f"{chosen[2].reference} is acknowledged already."
        assert "was changed (state) since you read it" in why[chosen[3].reference]
        assert why["N-9999"] == "There is no need N-9999."
        assert counts() == (before[0] + 2, before[1] + 2)
        states = [FIND["need"](coordinator, one.reference).state for one in chosen]
        assert states == ["acknowledged", "submitted", "acknowledged", "withdrawn", "acknowledged"]
        # It waits on: read again, it is acknowledged.
        (left,) = intake.read_intake(coordinator, round.code).waiting
        again = intake.acknowledge_chosen(coordinator, round.code, [as_read("need", left.record)])
        assert again.done == (chosen[1].reference,)

    def test_a_press_that_comes_twice_acknowledges_and_tells_nobody_twice(self, came_in, coordinator, round):
        chosen = [as_read(kind, record) for kind, record in came_in.items()]
        first = intake.acknowledge_chosen(coordinator, round.code, [*chosen, *chosen])
        assert len(first.done) == len(chosen)
        assert first.left == ()
        before = counts()
        second = intake.acknowledge_chosen(coordinator, round.code, chosen)
        assert second.done == ()
        assert second.left == tuple(
            (one.reference, f"{one.reference} is acknowledged already.") for one in chosen
        )
        assert counts() == before

    def test_what_was_given_back_is_not_called_acknowledged(self, came_in, coordinator, round):
        need = came_in["need"]
        chosen = as_read("need", need)
        acknowledged = submissions.acknowledge_record(coordinator, "need", need.reference, need.version)
        submissions.return_record(
            coordinator, "need", need.reference, questions="For whom?", version=acknowledged.version
        )
        found = intake.acknowledge_chosen(coordinator, round.code, [chosen])
        assert found.done == ()
        assert "was changed" in found.left[0][1]
        now = FIND["need"](coordinator, need.reference)
        found = intake.acknowledge_chosen(coordinator, round.code, [as_read("need", now)])
        assert "this step is no longer open" in found.left[0][1]
        assert FIND["need"](coordinator, need.reference).state == "returned"

    def test_a_record_of_another_round_a_draft_and_what_is_no_record_are_not_there(
        self, owner, coordinator, round
    ):
        other = factories.make_need(participant_of(owner), factories.make_round("OTHER"))
        draft = submissions.save_draft(owner, "need", owner.participant_code, round.code, {"title": "Mine"})
        chosen = [as_read("need", other), as_read("need", draft), Chosen("treaty", "N-0001", 1)]
        before = counts()
        found = intake.acknowledge_chosen(coordinator, round.code, chosen)
        assert found.done == ()
        assert [why for _, why in found.left] == [
            f"There is no need {other.reference}.",
            f"There is no need {draft.reference}.",
            "There is no record N-0001.",
        ]
        assert counts() == before
        with pytest.raises(NotFound):
            intake.acknowledge_chosen(coordinator, "NONE", [as_read("need", other)])

    def test_no_more_are_taken_at_once_than_a_page_shows(self, came_in, coordinator, round):
        assert ROWS_IN_A_PORTION <= MOST_AT_ONCE
        chosen = [Chosen("need", f"N-{number}", 1) for number in range(MOST_AT_ONCE)]
        need = as_read("need", came_in["need"])
        with pytest.raises(NotValid):
            intake.acknowledge_chosen(coordinator, round.code, [*chosen, need])
        assert FIND["need"](coordinator, need.reference).state == "submitted"
        assert intake.acknowledge_chosen(coordinator, round.code, [*chosen[1:], need]).done == (
            need.reference,
        )

    @pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
    def test_coordinators_alone_look_through_it_and_acknowledge(self, came_in, owner, round, role):
        actor = owner if role == "focal_point" else factories.make_actor(role)
        with pytest.raises(NotAllowed):
            intake.read_intake(actor, round.code)
        with pytest.raises(NotAllowed):
            intake.acknowledge_chosen(actor, round.code, [as_read("need", came_in["need"])])
        assert db.session.scalars(select(Need.state)).all() == ["submitted"]
        assert counts() == (0, 0)


class TestWaiting:
    def test_the_oldest_comes_first_with_the_days_that_it_has_waited(self, came_in, coordinator, round):
        for days, kind in enumerate(KINDS):
            come_before(came_in[kind], days=days)
        found = intake.read_intake(coordinator, round.code).waiting
        assert entries(found) == [(kind, came_in[kind].reference) for kind in reversed(KINDS)]
        assert [one.days for one in found] == [2, 1, 0]

    def test_what_was_acknowledged_or_has_ended_waits_no_more(self, came_in, owner, coordinator, round):
        need, offer = came_in["need"], came_in["offer"]
        submissions.acknowledge_record(coordinator, "need", need.reference, need.version)
        WITHDRAW["offer"](owner, offer.reference, offer.version)
        submissions.save_draft(owner, "need", owner.participant_code, round.code, {"title": "Mine"})
        factories.make_need(participant_of(owner))
        found = intake.read_intake(coordinator, round.code).waiting
        assert entries(found) == [("support", came_in["support"].reference)]

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_came_back_from_its_owner_waits_from_then_on(self, kind, came_in, owner, coordinator, round):
        record = came_in[kind]
        come_before(record, days=30)
        revised = REVISE[kind](owner, record.reference, {"detail": "More of it."}, record.version)
        # A revision alone begins no new waiting.
        days = {one.record.reference: one.days for one in intake.read_intake(coordinator, round.code).waiting}
        assert days[record.reference] == 30
        returned = submissions.return_record(
            coordinator, kind, record.reference, questions="For whom?", version=revised.version
        )
        assert record.reference not in {
            one.record.reference for one in intake.read_intake(coordinator, round.code).waiting
        }
        REVISE[kind](owner, record.reference, {"detail": "Of the first company."}, returned.version)
        found = intake.read_intake(coordinator, round.code).waiting
        assert {one.record.reference: one.days for one in found}[record.reference] == 0

    def test_what_was_renewed_waits_from_then_on(self, came_in, owner, coordinator, round):
        need = came_in["need"]
        need.expires_on = utc_now().date() - timedelta(days=1)
        come_before(need, days=30)
        record_ends.expire_overdue(SYSTEM)
        expired = FIND["need"](owner, need.reference)
        later = utc_now().date() + timedelta(days=90)
        submissions.renew_record(owner, "need", need.reference, expires_on=later, version=expired.version)
        found = intake.read_intake(coordinator, round.code).waiting
        assert {one.record.reference: one.days for one in found}[need.reference] == 0


class TestIncomplete:
    def test_those_with_most_open_questions_come_first(self, owner, coordinator, round):
        whole = factories.make_need(participant_of(owner), round)
        one = factories.make_need(participant_of(owner), round, level=None)
        three = factories.make_offer(participant_of(owner), round, level=None, languages=None, only=None)
        found = intake.read_intake(coordinator, round.code).incomplete
        assert entries(found) == [("offer", three.reference), ("need", one.reference)]
        assert [entry.missing for entry in found] == [("only", "level", "languages"), ("level",)]
        assert whole.reference not in {entry.record.reference for entry in found}
        WITHDRAW["need"](owner, one.reference, one.version)
        assert entries(intake.read_intake(coordinator, round.code).incomplete) == [("offer", three.reference)]


class TestEnding:
    def test_those_of_which_their_owners_are_reminded_come_soonest_first(self, owner, coordinator, round):
        today, limit = utc_now().date(), record_ends.REMIND_BEFORE
        days = {"too late": limit + timedelta(days=1), "last": limit, "today": timedelta(0), "open": None}
        made = {
            name: factories.make_need(
                participant_of(owner), round, expires_on=None if left is None else today + left
            )
            for name, left in days.items()
        }
        factories.make_support(participant_of(owner), round, expires_on=today - timedelta(days=1))
        found = intake.read_intake(coordinator, round.code).ending
        assert entries(found) == [("need", made["today"].reference), ("need", made["last"].reference)]
        assert [one.days for one in found] == [0, limit.days]
        assert record_ends.remind_of_ends(SYSTEM) == len(found)


class TestDoubles:
    @pytest.mark.parametrize("kind", KINDS)
    def test_two_live_records_that_look_alike_stand_side_by_side(self, kind, owner, coordinator, round):
        one, other = (MAKE[kind](participant_of(owner), round) for _ in range(2))
        # Of another participant, of another round, and about something else.
        MAKE[kind](None, round)
        MAKE[kind](participant_of(owner), factories.make_round("OTHER"))
        different = {"areas": ["UXO"], "title": "Something else"}
        MAKE[kind](participant_of(owner), round, **different)
        (found,) = intake.read_intake(coordinator, round.code).doubles
        assert (found.kind, found.one.reference, found.other.reference) == (
            kind,
            one.reference,
            other.reference,
        )
        WITHDRAW[kind](owner, other.reference, other.version)
        assert intake.read_intake(coordinator, round.code).doubles == []
