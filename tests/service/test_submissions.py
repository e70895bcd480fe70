"""Needs, offers and supports are submitted, revised and withdrawn: partly known, by their owner, in turn."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.completeness import missing_fields
from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, OutboxMessage, Question
from lcm_service.services import accounts, submissions, trail
from tests import factories

PLEDGE = {"title": "Three courses, announced in one sentence"}
SUBMIT: dict[str, Any] = {
    "need": submissions.submit_need,
    "offer": submissions.submit_offer,
    "support": submissions.submit_support,
}
REVISE: dict[str, Any] = {
    "need": submissions.revise_need,
    "offer": submissions.revise_offer,
    "support": submissions.revise_support,
}
WITHDRAW: dict[str, Any] = {
    "need": submissions.withdraw_need,
    "offer": submissions.withdraw_offer,
    "support": submissions.withdraw_support,
}
FIND: dict[str, Any] = {
    "need": submissions.find_need,
    "offer": submissions.find_offer,
    "support": submissions.find_support,
}
LIST: dict[str, Any] = {
    "need": submissions.list_needs,
    "offer": submissions.list_offers,
    "support": submissions.list_supports,
}
MAKE: dict[str, Any] = {
    "need": factories.make_need,
    "offer": factories.make_offer,
    "support": factories.make_support,
}
KINDS = sorted(SUBMIT)

pytestmark = pytest.mark.usefixtures("app")


def least(kind: str) -> dict[str, Any]:
    return PLEDGE | ({"kind": "funds"} if kind == "support" else {})


@pytest.fixture
def owner():
    return factories.make_actor()


@pytest.fixture
def stranger():
    return factories.make_actor()


@pytest.fixture
def coordinator():
    return factories.make_actor("coordinator")


@pytest.fixture
def round():
    return factories.make_round("R2027")


def participant_of(actor):
    return factories.make_participant(actor.participant_code)


class TestSubmitting:
    @pytest.mark.parametrize(
        ("kind", "first"), [("need", "N-0001"), ("offer", "O-0001"), ("support", "R-0001")]
    )
    def test_a_record_of_one_sentence_is_accepted_and_numbered(self, owner, round, kind, first):
        record = SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind))
        again = SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind))
        assert (record.reference, record.state, record.version) == (first, "submitted", 1)
        assert again.reference == first[:-1] + "2"

    def test_what_nobody_said_of_a_need_is_still_to_be_asked(self, owner, round):
        need = submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE)
        assert missing_fields("need", need) == (
            *("personnel", "seats", "areas", "level", "languages", "modes", "earliest", "latest", "women"),
        )

    def test_what_nobody_said_of_an_offer_is_still_to_be_asked(self, owner, round):
        offer = submissions.submit_offer(owner, owner.participant_code, "R2027", PLEDGE)
        # Of the place nothing is asked while nobody knows whether people travel at all.
        assert missing_fields("offer", offer) == (
            *(
                "personnel",
                "only",
                "requires",
                "seats",
                "mode",
                "start",
                "end",
                "areas",
                "level",
                "languages",
            ),
        )

    def test_any_and_needs_nothing_are_answers(self, owner, round):
        data = PLEDGE | {"personnel": ["any"], "only": ["any"], "requires": [], "mode": "any", "level": "any"}
        offer = submissions.submit_offer(owner, owner.participant_code, "R2027", data)
        db.session.expire_all()
        assert (offer.personnel, offer.only, offer.requires) == (["any"], ["any"], [])
        assert missing_fields("offer", offer) == ("seats", "start", "end", "areas", "languages")

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_focal_point_does_not_submit_for_another_state(self, owner, stranger, round, kind):
        with pytest.raises(NotAllowed):
            SUBMIT[kind](owner, stranger.participant_code, "R2027", least(kind))

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_a_coordinator_records_is_marked_and_told_to_the_owner(
        self, owner, coordinator, round, kind
    ):
        record = SUBMIT[kind](coordinator, owner.participant_code, "R2027", least(kind))
        event: Any = db.session.scalars(select(AuditEvent)).one()
        assert event.facts == {"version": 1, "on_behalf": True}
        assert (event.action, event.record_kind, event.record_reference) == ("submit", kind, record.reference)
        message = db.session.scalars(select(OutboxMessage)).one()
        assert (message.kind, message.participant_id) == (f"{kind}.submit", owner.participant_id)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "field", ["state", "version", "reference", "participant_id", "seats_recognised", "source", "id"]
    )
    def test_fields_that_are_not_the_owners_are_refused(self, owner, coordinator, round, kind, field):
        for actor in (owner, coordinator):
            with pytest.raises(NotValid) as refusal:
                SUBMIT[kind](actor, owner.participant_code, "R2027", least(kind) | {field: 1})
            assert list(refusal.value.faults) == [field]
        assert db.session.scalars(select(AuditEvent)).all() == []

    def test_the_system_says_where_a_record_was_taken_from(self, owner, round):
        source = {"publisher": "A ministry", "kind": "press release"}
        need = submissions.submit_need(SYSTEM, owner.participant_code, "R2027", PLEDGE | {"source": source})
        assert need.source == source

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_closed_round_takes_no_records(self, owner, kind):
        factories.make_round("OLD", state="closed")
        with pytest.raises(Conflict):
            SUBMIT[kind](owner, owner.participant_code, "OLD", least(kind))

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_unknown_round_is_not_found(self, owner, kind):
        with pytest.raises(NotFound):
            SUBMIT[kind](owner, owner.participant_code, "NONE", least(kind))

    @pytest.mark.parametrize(
        ("kind", "field", "value"),
        [
            ("need", "areas", ["NO-SUCH-AREA"]),
            ("need", "mission_code", "NOMISSION"),
            ("need", "trainees_place", "ZZZ"),
            ("offer", "place_code", "ZZZ"),
            ("offer", "partners", ["ZZZ"]),
            ("offer", "only", ["ZZZ"]),
            ("offer", "except", ["ZZZ"]),
            ("support", "places", ["ZZZ"]),
            ("offer", "sessions", [{"place_code": "ZZZ"}]),
        ],
    )
    def test_a_code_that_no_list_holds_is_a_fault_of_its_field(self, owner, round, kind, field, value):
        with pytest.raises(NotValid) as refusal:
            SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind) | {field: value})
        assert list(refusal.value.faults) == [field]

    def test_an_entry_that_is_no_area_cannot_be_asked_for(self, owner, round):
        factories.make_area("PDT", is_area=False)
        with pytest.raises(NotValid):
            submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE | {"areas": ["PDT"]})

    def test_who_is_eligible_can_be_said_by_participant_place_region_and_group(self, owner, round):
        factories.make_region("002")
        factories.make_participant("XEA", groups=["ECOWAS"])
        data = PLEDGE | {"only": ["XEA", "002", "ECOWAS"], "except": [owner.participant_code]}
        offer = submissions.submit_offer(owner, owner.participant_code, "R2027", data)
        assert offer.only == ["XEA", "002", "ECOWAS"]
        assert offer.except_ == [owner.participant_code]


class TestSessions:
    def test_sessions_get_keys_that_are_never_used_again(self, owner, round):
        rows = [{"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 9)}, {"starts_on": date(2027, 6, 7)}]
        offer = submissions.submit_offer(owner, owner.participant_code, "R2027", PLEDGE | {"sessions": rows})
        assert [row.key for row in offer.sessions] == ["S1", "S2"]
        offer = submissions.withdraw_session(owner, f"{offer.reference}-S2", offer.version)
        offer = submissions.revise_offer(owner, offer.reference, {"sessions": [{}]}, offer.version)
        assert [(row.key, row.is_withdrawn) for row in offer.sessions] == [
            ("S1", False),
            ("S2", True),
            ("S3", False),
        ]

    def test_a_session_named_by_its_key_is_revised_and_the_others_stay(self, owner, round):
        offer = factories.make_offer(
            participant_of(owner), round, [{"starts_on": date(2027, 4, 5)}, {"starts_on": date(2027, 6, 7)}]
        )
        changes = {"sessions": [{"key": "S2", "seats": 12, "ends_on": date(2027, 6, 11)}]}
        revised = submissions.revise_offer(owner, offer.reference, changes, 1)
        assert revised.version == 2
        assert [(row.key, row.starts_on, row.seats) for row in revised.sessions] == [
            ("S1", date(2027, 4, 5), None),
            ("S2", date(2027, 6, 7), 12),
        ]

    @pytest.mark.parametrize("row", [{"key": "S9"}, {"key": "S1", "is_withdrawn": False}, {"offer_id": 3}])
    def test_a_session_that_is_not_there_or_a_field_that_is_not_the_owners_is_refused(
        self, owner, round, row
    ):
        offer = factories.make_offer(participant_of(owner), round)
        with pytest.raises(NotValid):
            submissions.revise_offer(owner, offer.reference, {"sessions": [row]}, 1)

    def test_a_withdrawn_session_is_not_withdrawn_again(self, owner, round):
        offer = factories.make_offer(participant_of(owner), round)
        offer = submissions.withdraw_session(owner, f"{offer.reference}-S1", 1)
        with pytest.raises(Conflict):
            submissions.withdraw_session(owner, f"{offer.reference}-S1", offer.version)
        with pytest.raises(NotFound):
            submissions.withdraw_session(owner, f"{offer.reference}-S7", offer.version)


class TestRevising:
    @pytest.mark.parametrize("kind", KINDS)
    def test_only_the_given_fields_change_and_none_makes_a_field_unknown(self, owner, round, kind):
        record = MAKE[kind](participant_of(owner), round, detail="Before")
        revised = REVISE[kind](owner, record.reference, {"areas": None, "title": "After"}, 1)
        assert (revised.title, revised.areas, revised.detail, revised.version) == ("After", None, "Before", 2)
        event: Any = db.session.scalars(select(AuditEvent)).one()
        assert set(event.fields) <= {"areas", "title"}
        assert event.facts["version"] == 2

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_revision_that_changes_nothing_leaves_no_trace(self, owner, round, kind):
        record = MAKE[kind](participant_of(owner), round)
        assert REVISE[kind](owner, record.reference, {"title": record.title}, 1).version == 1
        assert db.session.scalars(select(AuditEvent)).all() == []

    def test_a_flag_given_as_none_takes_its_default(self, owner, round):
        need = factories.make_need(participant_of(owner), round, whole=True)
        assert submissions.revise_need(owner, need.reference, {"whole": None}, 1).whole is False

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_stale_revision_says_who_changed_what(self, owner, coordinator, round, kind):
        record = MAKE[kind](participant_of(owner), round)
        REVISE[kind](coordinator, record.reference, {"title": "Theirs"}, 1)
        with pytest.raises(Stale) as refusal:
            REVISE[kind](owner, record.reference, {"title": "Mine"}, 1)
        details: Any = refusal.value.details
        assert (details["your_version"], details["present_version"]) == (1, 2)
        (change,) = details["changes"]
        assert (change["by"], change["action"], change["fields"]) == ("coordinator", "revise", ["title"])
        assert "title" in refusal.value.message
        assert FIND[kind](owner, record.reference).title == "Theirs"

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_withdrawn_record_cannot_be_revised(self, owner, round, kind):
        record = MAKE[kind](participant_of(owner), round, state="withdrawn")
        with pytest.raises(Conflict):
            REVISE[kind](owner, record.reference, {"title": "Late"}, 1)

    def test_the_whole_record_is_checked_not_only_what_changes(self, owner, round):
        need = factories.make_need(participant_of(owner), round, latest=date(2027, 3, 31))
        with pytest.raises(NotValid) as refusal:
            submissions.revise_need(owner, need.reference, {"earliest": date(2027, 4, 1)}, 1)
        assert list(refusal.value.faults) == ["latest"]
        assert submissions.find_need(owner, need.reference).earliest == date(2027, 3, 1)

    def test_an_answer_closes_the_question_and_leaves_the_others(self, owner, round):
        need = factories.make_need(participant_of(owner), round, level=None, languages=None)
        for field in ("level", "languages"):
            factories.save(
                Question(round_id=round.id, record_kind="need", record_reference=need.reference, field=field)
            )
        submissions.revise_need(owner, need.reference, {"level": "any"}, 1)
        states = db.session.execute(select(Question.field, Question.state)).all()
        assert {field: state for field, state in states} == {"level": "answered", "languages": "open"}


class TestWithdrawing:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_withdrawn_record_keeps_its_row_and_its_reason(self, owner, round, kind):
        record = MAKE[kind](participant_of(owner), round)
        withdrawn = WITHDRAW[kind](owner, record.reference, 1, "Other support was found.")
        assert (withdrawn.state, withdrawn.version) == ("withdrawn", 2)
        event: Any = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "withdraw")).one()
        assert event.facts["reason"] == "Other support was found."
        assert [row.reference for row in LIST[kind](owner, "R2027")] == [record.reference]
        assert LIST[kind](owner, "R2027", only_live=True) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_record_is_withdrawn_once(self, owner, round, kind):
        record = MAKE[kind](participant_of(owner), round)
        withdrawn = WITHDRAW[kind](owner, record.reference, 1, None)
        with pytest.raises(Conflict):
            WITHDRAW[kind](owner, record.reference, withdrawn.version, None)

    def test_nobody_is_asked_about_a_withdrawn_need(self, owner, round):
        need = factories.make_need(participant_of(owner), round, level=None)
        question = factories.save(
            Question(round_id=round.id, record_kind="need", record_reference=need.reference, field="level")
        )
        submissions.withdraw_need(owner, need.reference, 1)
        db.session.refresh(question)
        assert question.state == "closed"


class TestRecognising:
    def test_a_coordinator_recognises_seats_and_priority_and_the_owner_is_told(
        self, owner, coordinator, round
    ):
        need = factories.make_need(participant_of(owner), round, seats_recognised=None)
        submissions.recognise_need(
            coordinator, need.reference, seats=12, priority="routine", reason="One company.", version=1
        )
        seen = submissions.find_need(owner, need.reference)
        assert (seen.seats_recognised, seen.priority_recognised) == (12, "routine")
        assert (seen.seats_asked, seen.recognition_reason) == (20, "One company.")
        assert db.session.scalars(select(OutboxMessage.kind)).all() == ["need.recognise"]

    def test_nobody_recognises_its_own_need(self, owner, round):
        need = factories.make_need(participant_of(owner), round)
        with pytest.raises(NotAllowed):
            submissions.recognise_need(owner, need.reference, seats=99, priority="critical", version=1)
        with pytest.raises(NotAllowed):
            submissions.recognise_as_asked(owner, "R2027", [need.reference])

    def test_asking_for_more_raises_nothing_and_asking_for_less_lowers(self, owner, round):
        need = factories.make_need(participant_of(owner), round, seats_asked=20, seats_recognised=15)
        need = submissions.revise_need(owner, need.reference, {"seats_asked": 200}, 1)
        assert need.seats_recognised == 15
        need = submissions.revise_need(owner, need.reference, {"seats_asked": 10}, need.version)
        assert need.seats_recognised == 10

    def test_recognising_as_asked_is_all_or_nothing(self, owner, coordinator, round):
        needs = [factories.make_need(participant_of(owner), round, seats_recognised=None) for _ in range(2)]
        references = [need.reference for need in needs]
        with pytest.raises(NotFound):
            submissions.recognise_as_asked(coordinator, "R2027", [*references, "N-9999"])
        assert submissions.find_need(owner, references[0]).seats_recognised is None
        submissions.recognise_as_asked(coordinator, "R2027", references)
        assert [need.seats_recognised for need in submissions.list_needs(coordinator, "R2027")] == [20, 20]

    def test_fewer_seats_than_the_smallest_group_could_never_be_placed(self, owner, coordinator, round):
        need = factories.make_need(participant_of(owner), round, min_group=10)
        with pytest.raises(NotValid):
            submissions.recognise_need(coordinator, need.reference, seats=9, priority="high", version=1)


class TestReading:
    def test_another_states_need_and_a_missing_one_are_refused_in_the_same_words(
        self, owner, stranger, round
    ):
        need = factories.make_need(participant_of(owner), round)
        words = []
        for reference in (need.reference, "N-9999"):
            for act in (
                lambda reference: submissions.find_need(stranger, reference),
                lambda reference: submissions.revise_need(stranger, reference, {"title": "x"}, 1),
                lambda reference: submissions.withdraw_need(stranger, reference, 1),
                lambda reference: trail.list_events(stranger, "need", reference),
            ):
                with pytest.raises(NotFound) as refusal:
                    act(reference)
                words.append((refusal.value.message.replace(reference, "X"), refusal.value.details))
        assert set(map(str, words)) == {str(("There is no need X.", {}))}

    def test_a_focal_point_lists_its_own_needs_and_a_coordinator_all(
        self, owner, stranger, coordinator, round
    ):
        mine = factories.make_need(participant_of(owner), round)
        theirs = factories.make_need(participant_of(stranger), round)
        assert [need.reference for need in submissions.list_needs(owner, "R2027")] == [mine.reference]
        assert submissions.list_needs(owner, "R2027", participant_code=stranger.participant_code) == []
        assert {need.reference for need in submissions.list_needs(coordinator, "R2027")} == {
            mine.reference,
            theirs.reference,
        }

    @pytest.mark.parametrize("role", ["observer", "administrator"])
    def test_needs_are_not_for_observers_and_administrators(self, round, role):
        with pytest.raises(NotAllowed):
            submissions.list_needs(factories.make_actor(role), "R2027")

    def test_offers_are_open_to_all_who_take_part_but_changed_by_their_owner(self, owner, stranger, round):
        offer = factories.make_offer(participant_of(owner), round)
        assert submissions.find_offer(stranger, offer.reference).reference == offer.reference
        with pytest.raises(NotAllowed):
            submissions.revise_offer(stranger, offer.reference, {"title": "Theirs"}, 1)
        with pytest.raises(NotAllowed):
            submissions.withdraw_session(stranger, f"{offer.reference}-S1", 1)

    def test_a_list_is_read_page_by_page(self, owner, coordinator, round):
        made = [factories.make_need(participant_of(owner), round).reference for _ in range(5)]
        first = submissions.list_needs(owner, "R2027", limit=3)
        rest = submissions.list_needs(owner, "R2027", limit=3, after=first[-1].reference)
        assert [need.reference for need in [*first, *rest]] == made

    def test_a_page_cannot_start_after_a_need_that_the_reader_may_not_see(self, owner, stranger, round):
        need = factories.make_need(participant_of(owner), round)
        for reference in (need.reference, "N-9999"):
            with pytest.raises(NotValid) as refusal:
                submissions.list_needs(stranger, "R2027", after=reference)
            assert refusal.value.message == f"There is no need {reference}."

    def test_the_history_names_colleagues_and_gives_others_a_role(self, owner, coordinator, round):
        need = submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE)
        submissions.recognise_need(coordinator, need.reference, seats=5, priority="high", version=1)
        own = [(entry.action, entry.by) for entry in trail.list_events(owner, "need", need.reference)]
        assert own == [("submit", owner.name), ("recognise", "coordinator")]
        theirs = trail.list_events(coordinator, "need", need.reference)
        assert [entry.by for entry in theirs] == [owner.name, coordinator.name]


def test_actors_of_this_file_are_people(owner):
    person = accounts.person_of_key(f"{owner.person_id}.0")
    assert person is not None
    assert accounts.actor_of(person) == owner
