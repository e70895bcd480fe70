"""The record of a course comes in steps, is read by its provider and coordinators, and never leaves."""

import json
from datetime import date

import pytest

from lcm_service.domain.course_records import is_a_step, share_closed
from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import CourseRecord, OutboxMessage
from lcm_service.services import (
    assessments,
    audit,
    decisions,
    deliveries,
    exports,
    publication,
    submissions,
)
from lcm_service.services import rounds as rounds_service
from optimizer import read_plan, read_problem, verify
from tests import factories
from tests.service import matching_rounds as rounds

WEIGHED = {"area": 35, "language": 28, "mode": 17, "proximity": 10, "record": 10}
HELD = {"held_from": date(2024, 4, 8), "held_to": date(2024, 4, 19), "seats_used": 3, "women_used": 0}


class Scene:
    """A course that three recipients attended by five needs, and the same course offered again."""

    def __init__(self):
        self.coordinator = rounds.coordinator()
        self.states = [factories.make_participant() for _ in range(3)]
        self.provider_state = factories.make_participant()
        self.provider = factories.make_actor("focal_point", self.provider_state)
        self.old = self.make_round(2024, [*self.states, *self.states[:2]])
        for match in self.publish(self.old):
            rounds.agree(self.coordinator, match)
            self.by_letter(deliveries.report_delivered, match, "provider", HELD)

    def make_round(self, year, states):
        round_ = factories.make_round(opens_on=date(year, 1, 1))
        days = {"earliest": date(year, 3, 1), "latest": date(year, 9, 30)}
        for state in states:
            factories.make_need(state, round_, seats_asked=3, **days)
        session = {"starts_on": date(year, 4, 8), "ends_on": date(year, 4, 19)}
        factories.make_offer(self.provider_state, round_, [session], title="Road search", min_seats=1)
        return round_

    def publish(self, round_):
        rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, round_))
        return self.matches(round_)

    def matches(self, round_):
        return decisions.list_matches(self.coordinator, round_.code)

    def by_letter(self, press, match, side, said):
        now = decisions.find_match(self.coordinator, match.id)
        return press(self.coordinator, match.id, side, said, now.version, on_behalf=True)

    def assess(self, answers):
        for match, answer in zip(self.matches(self.old), answers, strict=False):
            self.by_letter(assessments.assess_delivery, match, "recipient", answer)

    def record(self, actor, round_=None):
        offer = self.matches(round_ or self.old)[0].offer_reference
        return assessments.find_course_record(actor, offer)


@pytest.fixture
def scene(app):
    return Scene()


def test_a_step_hides_each_recipient_and_a_gap_closed_in_part_is_half_a_gap():
    assert not is_a_step([1, 2, 3, 1])
    assert not is_a_step([1, 2, 1, 2, 1, 2])
    assert is_a_step([1, 2, 3, 1, 1])
    assert [share_closed(said) for said in (["yes"], ["no", "yes"], ["in_part", "no", "no"])] == [100, 50, 17]


def test_five_assessments_by_three_recipients_make_a_record_that_moves_in_steps_alone(scene):
    scene.assess(["yes", "yes", "in_part", "no"])
    assert scene.record(scene.coordinator) is None
    scene.assess(["yes", "yes", "in_part", "no", "yes"])
    record = scene.record(scene.provider)
    assert (record.percent, record.assessments, record.recipients) == (70, 5, 3)
    news = db.session.query(OutboxMessage).filter_by(kind="offer.record").one()
    assert news.participant_id == scene.provider_state.id
    # One that changes its mind is not seen to, until five others are taken in with it.
    scene.assess(["no"])
    assert scene.record(scene.provider).percent == 70
    # The same course, offered again, has the record; another one, or another's, has none.
    again = scene.make_round(2025, scene.states)
    scene.publish(again)
    assert scene.record(scene.provider, again).percent == 70
    other = factories.make_offer(scene.provider_state, again, title="Night search")
    assert assessments.find_course_record(scene.provider, other.reference) is None
    assert audit.verify_audit(SYSTEM, []).faults == []


def test_what_a_correction_takes_back_does_not_count(scene):
    match = scene.matches(scene.old)[0]
    scene.assess(["yes"])
    scene.by_letter(deliveries.report_not_delivered, match, "provider", "security")
    matches = scene.matches(scene.old)[1:]
    for match in matches:
        scene.by_letter(assessments.assess_delivery, match, "recipient", "no")
    assert scene.record(scene.coordinator) is None


def test_the_provider_replies_and_nobody_else_reads_or_replies(scene):
    offer = scene.matches(scene.old)[0].offer_reference
    with pytest.raises(Conflict, match="no record yet"):
        assessments.reply_to_record(scene.provider, offer, "We disagree.", 1)
    scene.assess(["yes", "no", "no", "no", "no"])
    recipient = factories.make_actor("focal_point", scene.states[0])
    for actor in (recipient, factories.make_actor("observer")):
        assert assessments.find_course_record(actor, offer) is None
        with pytest.raises(NotAllowed):
            assessments.reply_to_record(actor, offer, "Ours.", 1)
    with pytest.raises(NotFound):
        assessments.find_course_record(factories.make_actor("administrator"), offer)
    with pytest.raises(NotValid):
        assessments.reply_to_record(scene.provider, offer, "x" * 5000, 1)
    replied = assessments.reply_to_record(scene.provider, offer, "The manual is new since.", 1)
    assert replied.reply == "The manual is new since."
    with pytest.raises(Stale):
        assessments.reply_to_record(scene.coordinator, offer, "Theirs, by letter.", 1)
    assert scene.record(scene.coordinator).reply == "The manual is new since."
    assert assessments.reply_to_record(scene.provider, offer, None, replied.version).reply is None


def test_an_offer_that_may_not_be_seen_has_no_record_and_takes_no_reply(scene):
    observer, stranger = factories.make_actor("observer"), factories.make_actor()
    hidden = factories.make_offer(round=scene.old, visibility_consent=False)
    draft = factories.make_offer(round=scene.old, state="draft")
    for actor, reference in ((observer, hidden.reference), (stranger, draft.reference)):
        for act in (
            lambda actor, code: assessments.find_course_record(actor, code),
            lambda actor, code: assessments.reply_to_record(actor, code, "Ours.", 1),
        ):
            with pytest.raises(NotFound) as there:
                act(actor, reference)
            with pytest.raises(NotFound) as missing:
                act(actor, "O-999999")
            assert there.value.message == missing.value.message.replace("O-999999", reference)


def test_a_record_counts_in_the_fit_only_where_a_coordinator_says_so_and_no_recipient_reads_it(scene):
    scene.assess(["yes", "yes", "in_part", "no", "yes"])
    again = scene.make_round(2025, scene.states)
    unweighed = rounds.request(scene.coordinator, again)
    record = db.session.query(CourseRecord).one()
    record.percent = 71
    db.session.commit()
    assert rounds.request(scene.coordinator, again).problem_sha256 == unweighed.problem_sha256
    assert json.loads(unweighed.problem)["offers"][0]["record"] is None
    rounds.solve_waiting_runs()
    rounds_service.set_policy(scene.coordinator, again.code, {"fit": WEIGHED}, again.version)
    run = rounds.solve_round(scene.coordinator, again)
    plan = rounds.publish(scene.coordinator, run)
    problem = json.loads(plan.problem)
    assert [offer["record"] for offer in problem["offers"]] == [71]
    assert verify(read_problem(problem), read_plan(plan.document)).ok
    fits = {row["fit"] for row in plan.document["assignments"]}
    assert fits == {(35 * 100 + 28 * 100 + 17 * 100 + 10 * 30 + 10 * 71 + 50) // 100}
    _look_at_what_leaves(scene, plan, fits.pop())


def _look_at_what_leaves(scene, plan, fit):
    """A provider knows its record; a recipient, who knows the other parts, would find it in the fit."""
    recipient = factories.make_actor("focal_point", scene.states[0])
    for actor, told in ((scene.provider, fit), (recipient, 0)):
        read = publication.plan_for_participant(actor, plan.round.code)
        assert {row["fit"] for row in read["assignments"]} == {told}
        assert {row["fit"] for row in read["explanation"]["matches"]} == {told}
        exported = exports.export_plan(actor, plan.id)["plan"]
        assert {row.fit for row in read_plan(exported).assignments} == {told}
        assert {row["fit"] for row in exports.export_plan_rows(actor, plan.id)} == {told or None}
    parts = publication.plan_for_participant(recipient, plan.round.code)["explanation"]["matches"]
    assert {row["fit_parts"] for row in parts} == {None}


def test_whoever_does_not_see_an_offer_is_not_told_of_it_by_its_record(scene):
    """A draft is its provider's own, and what is not for outside is not an observer's."""
    code, observer = scene.old.code, factories.make_actor("observer")
    draft = submissions.save_draft(
        scene.provider, "offer", scene.provider_state.code, code, {"title": "Kept"}
    )
    hidden = factories.make_offer(scene.provider_state, scene.old, visibility_consent=False)
    for actor, offer in ((scene.coordinator, draft), (observer, draft), (observer, hidden)):
        for press in (
            lambda actor, offer: assessments.find_course_record(actor, offer.reference),
            lambda actor, offer: assessments.reply_to_record(actor, offer.reference, "Ours.", 1),
        ):
            with pytest.raises(NotFound, match=f"There is no offer {offer.reference}"):
                press(actor, offer)
