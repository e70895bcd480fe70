"""Figures that everybody may read: made once with the first plan, the same ever after, and of nothing that
does not count.
"""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from lcm_service.domain.errors import Conflict, NotAllowed, Stale
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Figures, Need, Offer, Round
from lcm_service.services import (
    decisions,
    figures,
    publication,
    publish_gate,
    submissions,
)
from lcm_service.services import rounds as rounds_service
from lcm_service.services.figure_entries import need_entries, offer_entries, paragraph_of
from tests import factories
from tests.service import figure_rounds
from tests.service import matching_rounds as rounds
from tests.service.figure_rounds import SECRET, STATES
from tests.service.test_two_at_once import at_once


@pytest.fixture
def full_round(app):
    found = figure_rounds.make_round()
    figure_rounds.fill(found)
    return found


def stored():
    db.session.expire_all()
    return {(row.round.code, row.kind): row.document for row in db.session.scalars(select(Figures))}


def measure(round_, name, kind="plan"):
    measures = stored()[(round_.code, kind)]["measures"]
    return next(one for one in measures if one["name"] == name)


def table(round_, name, dimension, kind="plan"):
    return next(one for one in measure(round_, name, kind)["tables"] if one["dimension"] == dimension)


def test_the_first_publication_makes_the_figures(full_round):
    assert figures.list_figures() == []
    figure_rounds.publish(full_round)
    found = table(full_round, "needs", "area")
    assert found["total"]["records"] == 16
    assert found["total"]["amounts"]["seats"] == 160
    assert {group["code"]: group["records"] for group in found["groups"]} == {"9": 8, "10": 8}
    assert [cell["code"] for group in found["groups"] for cell in group["cells"]] == ["FMA", "C-IED"]
    assert [one["code"] for one in table(full_round, "needs", "region")["groups"]] == ["X01"]
    assert [one["code"] for one in table(full_round, "needs", "month")["groups"]] == ["2024-03"]
    assert [one["code"] for one in table(full_round, "needs", "language")["groups"]] == ["en"]
    assert table(full_round, "offers", "area")["total"] == {"records": 10, "amounts": {"sessions": 10}}
    (event,) = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "freeze"))
    assert (event.record_kind, event.record_reference) == ("figures", full_round.code)
    assert event.facts == {"kind": "plan"}


def test_what_is_placed_and_what_stays_open_add_up_to_what_is_asked(full_round):
    figure_rounds.publish(full_round)
    plan = publication.published_plan(rounds.coordinator(), full_round.code)
    placed = sum(row["seats"] for row in plan.document["assignments"])
    total = table(full_round, "needs", "area")["total"]["amounts"]
    assert 0 < placed < 160
    assert (total["placed"], total["open"]) == (placed, 160 - placed)
    assert total["matches"] == len(plan.document["assignments"])


def test_what_others_do_later_changes_nothing(full_round):
    actor = rounds.coordinator()
    figure_rounds.publish(full_round)
    before, shown = stored(), figures.list_figures()
    match = decisions.list_matches(actor, full_round.code)[0]
    decisions.decline_match(actor, match.id, "recipient", "dates", match.version, on_behalf=True)
    need = db.session.scalars(select(Need).where(Need.reference != match.need_reference)).first()
    submissions.withdraw_need(actor, need.reference, need.version, "No longer")
    assert stored() == before
    second = rounds.publish(actor, rounds.solve_round(actor, full_round), put=False)
    assert second.number == 2
    assert stored() == before
    assert figures.list_figures() == shown


def test_the_database_itself_refuses_to_change_or_delete_figures(full_round):
    figure_rounds.publish(full_round)
    before = stored()
    for statement in (
        "UPDATE figures SET kind = 'courses'",
        "DELETE FROM figures",
    ):
        with pytest.raises(DatabaseError, match="only ever added to"):
            db.session.execute(text(statement))
        db.session.rollback()
    assert stored() == before


def test_a_plan_that_does_not_leave_makes_no_figures(full_round):
    actor, second = rounds.coordinator(), rounds.coordinator()
    full_round.hold_minutes = 30
    db.session.commit()
    plan = rounds.plan_of(actor, rounds.solve_round(actor, full_round))
    plan = publish_gate.put_plan_forward(actor, plan.id, plan.version)
    plan = publish_gate.approve_plan(second, plan.id, plan.version)
    publish_gate.take_plan_back(actor, plan.id, plan.version)
    assert stored() == {}


def test_two_who_publish_at_once_make_the_figures_once(app, full_round):
    actor = rounds.coordinator()
    plan = rounds.plan_of(actor, rounds.solve_round(actor, full_round))
    plan = publish_gate.put_plan_forward(actor, plan.id, plan.version)
    others = [rounds.coordinator(), rounds.coordinator()]
    acts = [lambda by=by: publish_gate.approve_plan(by, plan.id, plan.version) for by in others]
    results = at_once(app, acts)
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert db.session.scalar(select(func.count()).select_from(Figures)) == 1


def test_drafts_and_what_is_withdrawn_given_back_or_expired_do_not_count(full_round):
    yesterday = utc_now().date() - timedelta(days=1)
    state, provider = factories.make_participant(STATES[0]), factories.make_participant("XPA")
    for columns in (
        {"state": "draft"},
        {"state": "withdrawn"},
        {"state": "returned"},
        {"state": "expired", "expires_on": yesterday},
        # Its day has passed, and nobody has said so yet.
        {"expires_on": yesterday},
    ):
        factories.make_need(state, full_round, areas=["C-IED"], **columns)
        factories.make_offer(provider, full_round, areas=["C-IED"], visibility_consent=True, **columns)
    figure_rounds.publish(full_round)
    assert table(full_round, "needs", "area")["total"]["records"] == 16
    assert table(full_round, "offers", "area")["total"]["records"] == 10


def test_what_is_withdrawn_or_runs_out_after_the_run_does_not_count(full_round):
    """Of needs such a plan cannot be published; of offers that nothing stands on it can."""
    actor, today = rounds.coordinator(), utc_now().date()
    plan = rounds.plan_of(actor, rounds.solve_round(actor, full_round))
    ends = db.session.scalars(select(Offer).order_by(Offer.id.desc())).all()[:2]
    ends[0].state, ends[1].expires_on = "withdrawn", today
    db.session.commit()
    assert len(offer_entries(db.session(), plan, full_round, today)) == 9
    assert len(offer_entries(db.session(), plan, full_round, today + timedelta(days=1))) == 8
    assert len(need_entries(db.session(), plan, full_round, today)) == 16


@pytest.mark.parametrize(("consent", "source"), [(None, None), (False, None)])
def test_an_offer_counts_only_where_its_owner_lets_it_be_shown_outside(full_round, consent, source):
    provider = factories.make_participant("XPA")
    factories.make_offer(provider, full_round, visibility_consent=consent, source=source)
    figure_rounds.publish(full_round)
    assert table(full_round, "offers", "area")["total"]["records"] == 10


def test_what_public_sources_say_of_an_offer_is_shown_outside_already(full_round):
    factories.make_offer(factories.make_participant("XPA"), full_round, source={"record": "OFF-001"})
    figure_rounds.publish(full_round)
    assert table(full_round, "offers", "area")["total"]["records"] == 11


def test_seats_that_nobody_has_stated_count_as_the_plan_takes_them(full_round):
    policy = {"planning_seats": {"need": 7, "session": 20}}
    full_round.policy = policy
    db.session.commit()
    state = factories.make_participant(STATES[0])
    factories.make_need(state, full_round, areas=["C-IED"], seats_asked=None, women=None)
    figure_rounds.publish(full_round)
    assert table(full_round, "needs", "area")["total"]["amounts"]["seats"] == 167


def test_what_is_said_nowhere_stands_under_none(full_round):
    for code in STATES:
        factories.make_need(
            factories.make_participant(code, place_code=None),
            full_round,
            areas=None,
            languages=None,
            earliest=None,
        )
    figure_rounds.publish(full_round)
    groups = {one["code"]: one for one in table(full_round, "needs", "area")["groups"]}
    assert [cell["code"] for cell in groups["none"]["cells"]] == ["none"]
    assert "none" in {one["code"] for one in table(full_round, "needs", "language")["groups"]}
    assert "none" in {one["code"] for one in table(full_round, "needs", "month")["groups"]}


def test_of_a_round_of_two_states_nothing_is_told(app):
    small = factories.make_round()
    for _ in range(2):
        factories.make_need(round=small)
    factories.make_offer(round=small)
    rounds.publish(rounds.coordinator(), rounds.solve_round(rounds.coordinator(), small))
    (found,) = figures.list_figures()
    assert [kind.tells for kind in found.kinds] == [False]
    assert [one["tables"] for one in found.kinds[0].measures] == [[], []]


def test_figures_hold_no_word_of_a_record_and_no_name_of_a_state(full_round):
    figure_rounds.publish(full_round)
    told = json.dumps([one for one in stored().values()])
    participants = {need.participant.code for need in db.session.scalars(select(Need))}
    references = set(db.session.scalars(select(Need.reference)))
    assert len(participants) == len(STATES)
    for word in (SECRET, *participants, *references):
        assert word not in told


@pytest.mark.parametrize(
    ("stated", "paragraph"),
    [
        ("10 (and preamble)", "10"),
        ("9; 10; preamble", "9"),
        ("preamble; 10", "10"),
        ("preamble", "preamble"),
        ("8 (inferred)", "8"),
        ("", "none"),
        (None, "none"),
    ],
)
def test_a_subject_belongs_to_the_first_paragraph_that_names_it(stated, paragraph):
    assert paragraph_of(stated) == paragraph


class TestCourses:
    @pytest.fixture
    def held(self, full_round):
        figure_rounds.publish(full_round)
        figure_rounds.hold_courses(full_round)
        return figure_rounds.close(full_round)

    def read(self, round_, actor=None):
        return figures.find_courses_to_tell(actor or rounds.coordinator(), round_.code)

    def press(self, round_, **changed):
        found = self.read(round_)
        sent = {"sha256": found.sha256, "version": db.session.get(Round, round_.id).version} | changed
        return figures.freeze_course_figures(rounds.coordinator(), round_.code, **sent)

    def test_a_coordinator_makes_them_public_once(self, held):
        assert self.read(held).refusal is None
        self.press(held)
        total = table(held, "courses", "area", "courses")["total"]
        matches = decisions.list_matches(rounds.coordinator(), held.code)
        assert total["records"] == len(matches) >= 5
        assert total["amounts"]["seats"] == 5 * len(matches)
        assert total["amounts"]["women"] == 2 * len(matches)
        with pytest.raises(Conflict, match="public already"):
            self.press(held)
        (found,) = figures.list_figures()
        assert [kind.kind for kind in found.kinds] == ["plan", "courses"]
        events = db.session.scalars(select(AuditEvent.facts).where(AuditEvent.action == "freeze")).all()
        assert events == [{"kind": "plan"}, {"kind": "courses"}]

    def test_what_is_said_later_changes_nothing(self, held):
        self.press(held)
        before = stored()
        figure_rounds.say_gaps_are_closed(held)
        assert stored() == before

    def test_gaps_closed_are_told_where_enough_recipients_say_so(self, held):
        figure_rounds.say_gaps_are_closed(held)
        self.press(held)
        total = table(held, "courses", "area", "courses")["total"]
        assert total["amounts"]["closed"] == total["records"]
        assert set(total["amounts"]) == {"seats", "women", "closed"}

    def test_that_no_gap_was_closed_is_not_told(self, held):
        self.press(held)
        assert measure(held, "courses", "courses")["withheld"] == ["closed"]

    def test_of_an_open_round_nothing_is_made_public(self, held):
        now_open = rounds_service.reopen_round(rounds.coordinator(), held.code)
        assert self.read(now_open).refusal == figures.STILL_OPEN
        with pytest.raises(Conflict, match="still open"):
            self.press(now_open)

    def test_before_a_report_nothing_is_made_public(self, full_round):
        figure_rounds.publish(full_round)
        closed = figure_rounds.close(full_round)
        with pytest.raises(Conflict, match="No course"):
            self.press(closed)

    def test_of_too_few_reports_nothing_is_made_public_and_later_it_can_be(self, full_round):
        figure_rounds.publish(full_round)
        figure_rounds.hold_courses(full_round, most=2)
        closed = figure_rounds.close(full_round)
        with pytest.raises(Conflict, match="Too few"):
            self.press(closed)
        assert set(stored()) == {(closed.code, "plan")}

    def test_nothing_is_made_public_that_the_coordinator_has_not_read(self, held):
        read = self.read(held).sha256
        figure_rounds.say_gaps_are_closed(held)
        with pytest.raises(Conflict, match="since you read"):
            self.press(held, sha256=read)
        with pytest.raises(Stale):
            self.press(held, version=1)
        assert set(stored()) == {(held.code, "plan")}

    def test_of_two_who_press_at_once_one_does(self, app, held):
        sent = {"sha256": self.read(held).sha256, "version": held.version}
        both = [rounds.coordinator(), rounds.coordinator()]
        acts = [lambda by=by: figures.freeze_course_figures(by, held.code, **sent) for by in both]
        assert sum(isinstance(result, Conflict) for result in at_once(app, acts)) == 1
        assert set(stored()) == {(held.code, "plan"), (held.code, "courses")}

    @pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
    def test_nobody_but_coordinators_reads_or_presses(self, held, role):
        actor = factories.make_actor(role)
        with pytest.raises(NotAllowed):
            self.read(held, actor)
        with pytest.raises(NotAllowed):
            figures.freeze_course_figures(actor, held.code, "", held.version)
