"""The demonstration can be prepared on an empty database, and again, on both engines."""

import re

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import (
    Activity,
    AuditEvent,
    Need,
    Offer,
    OutboxMessage,
    Participant,
    Person,
    Place,
    Round,
    Support,
)
from lcm_service.services import (
    accounts,
    context_statements,
    demonstration,
    exercise,
    reference_lists,
    sign_ins,
    sourced_records,
)
from lcm_service.services.round_loading import add_activity, add_record
from tests.factories import make_actor

TABLES = (Place, Participant, Round, Need, Offer, Support, Activity)


@pytest.fixture
def lists(app):
    """The reference lists, loaded."""
    return reference_lists.load_reference_lists(SYSTEM)


@pytest.fixture
def rounds(lists):
    """Both rounds, loaded."""
    return demonstration.load_rounds(SYSTEM)


def numbers() -> dict[str, int | None]:
    """How many rows there are of everything that loading adds."""
    return {
        table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) for table in TABLES
    }


def round_named(code: str) -> Round:
    return db.session.scalars(select(Round).where(Round.code == code)).one()


def test_loading_the_lists_again_changes_nothing(lists):
    assert lists["participants"] == 199
    assert set(reference_lists.load_reference_lists(SYSTEM).values()) == {0}


def test_loading_the_lists_again_corrects_a_name_and_keeps_what_a_participant_says_of_itself(lists):
    kenya = db.session.scalars(select(Participant).where(Participant.code == "KEN")).one()
    kenya.names, kenya.teams, kenya.groups = {"en": "Keniya"}, 2, ["EAC"]
    db.session.commit()
    assert reference_lists.load_reference_lists(SYSTEM)["participants"] == 1
    db.session.refresh(kenya)
    assert (kenya.names["en"], kenya.teams, kenya.groups) == ("Kenya", 2, ["EAC"])


def test_both_rounds_are_loaded_whole_and_once(rounds):
    sourced, exercise_round = rounds
    assert sourced.records == {
        "need": 8,
        "offer": 36,
        "support": 11,
        "activity": 30,
        "context": 18,
        "nothing": 4,
    }
    assert exercise_round.records == {"need": 63, "offer": 43, "support": 12}
    before = numbers()
    assert [again.was_loaded for again in demonstration.load_rounds(SYSTEM)] == [False, False]
    assert numbers() == before


def test_a_second_loading_leaves_what_people_have_changed(rounds):
    need = db.session.scalars(select(Need).order_by(Need.reference).limit(1)).one()
    need.title = "Changed since"
    db.session.commit()
    demonstration.load_rounds(SYSTEM)
    db.session.refresh(need)
    assert need.title == "Changed since"


def test_each_round_says_where_its_records_come_from(rounds):
    assert round_named("public-2026").standing == "public_sources"
    assert round_named("exercise-2027").standing == "exercise"
    rows: list[Need | Offer | Support] = [
        *db.session.scalars(select(Need)),
        *db.session.scalars(select(Offer)),
        *db.session.scalars(select(Support)),
    ]
    for row in rows:
        assert (row.source is not None) == (row.round.standing == "public_sources")
        assert row.participant.is_fictional == (row.round.standing == "exercise")


def test_nobody_is_told_that_a_loaded_record_arrived_but_its_event_is_traced(rounds):
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
    needs = select(func.count()).where(AuditEvent.record_kind == "need", AuditEvent.action == "load")
    assert db.session.scalar(needs) == 71


def test_only_those_who_coordinate_load_anything(lists):
    focal_point = make_actor("focal_point")
    for load in (
        reference_lists.load_reference_lists,
        sourced_records.load_sourced_round,
        exercise.load_exercise,
    ):
        with pytest.raises(NotAllowed):
            load(focal_point)


def test_there_are_sourced_records_for_one_round_only(lists):
    with pytest.raises(NotFound, match="public-2026"):
        sourced_records.load_sourced_round(SYSTEM, "public-2031")


def test_the_context_is_read_by_those_who_take_part_and_holds_no_need_of_a_state(app):
    statements = context_statements.list_context_statements(make_actor("observer"))
    assert len(statements) == 18
    assert all(one.source["publisher"] and one.because for one in statements)
    with pytest.raises(NotAllowed):
        context_statements.list_context_statements(make_actor("administrator"))


def test_a_loaded_record_that_contradicts_itself_or_names_what_is_not_listed_is_refused(rounds):
    round_ = round_named("exercise-2027")
    owner = db.session.scalars(select(Participant).where(Participant.code == "XAA")).one()
    for fields in (
        {"title": "Too many women", "seats_asked": 2, "women": 3},
        {"title": "No area", "areas": ["PDT"]},
    ):
        with pytest.raises(NotValid), transaction() as session:
            add_record(session, SYSTEM, "need", round_, owner, fields)
    with pytest.raises(NotValid), transaction() as session:
        add_activity(session, SYSTEM, title="A course", state="planned", provider_code="XQQ")


def test_each_start_makes_new_passwords_for_the_same_people(rounds):
    first = demonstration.renew_accounts(SYSTEM)
    second = demonstration.renew_accounts(SYSTEM)
    assert len(first) == db.session.scalar(select(func.count()).select_from(Person)) == 7
    assert not {one.password for one in first} & {one.password for one in second}
    for old, new in zip(first, second, strict=True):
        assert sign_ins.sign_in(
            new.account.email, new.password, with_demonstration=True
        ).person.is_demonstration
        with pytest.raises(NotValid):
            sign_ins.sign_in(old.account.email, old.password, with_demonstration=True)


def test_the_accounts_say_that_they_are_a_demonstration_and_lead_nowhere():
    for account in demonstration.ACCOUNTS:
        assert re.fullmatch(r"[a-z]+@demonstration\.example", account.email)
        assert "demonstration" in account.name


def test_a_made_up_account_is_not_made_twice(rounds):
    demonstration.renew_accounts(SYSTEM)
    with pytest.raises(Conflict):
        accounts.create_person(
            SYSTEM, email="coordinator@demonstration.example", name="Another", role="coordinator"
        )


def test_first_runs_are_asked_for_once(rounds):
    runs = demonstration.request_first_runs(SYSTEM)
    assert len(runs) == 2
    assert demonstration.request_first_runs(SYSTEM) == runs
    assert demonstration.unfinished_runs(SYSTEM, runs) == runs
    assert demonstration.failed_runs(SYSTEM, runs) == runs
