"""What waits for a person in a round: the numbers, and the one clear next action."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lcm_service.domain import permissions
from lcm_service.domain.permissions import Actor
from lcm_service.domain.record_lives import STATES_THAT_WAIT_FOR_OWNERS
from lcm_service.domain.vocabulary import PLANNING_PURPOSES
from lcm_service.services import (
    decisions,
    explanations,
    kept_readings,
    other_dates,
    parties,
    publication,
    publish_gate,
    questions,
    runs,
    submissions,
)
from lcm_service.services.match_views import MatchView
from lcm_service.services.repair import Attention
from lcm_service.web.plan_view import Names
from lcm_service.web.studies import Gap

ACTIVE_RUN_STATES = ("queued", "running")
QUESTIONS_SHOWN = 10


@dataclass
class Desk:
    """A round as one person sees it.

    ``next_step`` names the action that the page puts first, ``subject`` the run or plan that it is about.
    ``attention`` is what the published plan does not know yet, ``objections`` is what was decided against the
    draft since it was made, ``own_plan`` a participant's part of the published plan. ``to_report`` are the
    matches whose days are over and of which nobody has reported, ``to_assess`` those whose course was held
    and of which the reader's side (for coordinators: a side) has not said what it thinks. ``own_aside`` are
    those of a participant's records that take no part until it acts: (area, record), those with questions
    first.
    """

    round: Any
    needs: Sequence[Any] = ()
    offers: Sequence[Any] = ()
    supports: Sequence[Any] = ()
    questions: Sequence[Any] = ()
    matches: Sequence[Any] = ()
    waiting: Sequence[Any] = ()
    to_report: Sequence[Any] = ()
    to_assess: Sequence[Any] = ()
    parts: Sequence[Any] = ()
    dates: Sequence[Any] = ()
    runs: Sequence[Any] = ()
    plans: Sequence[Any] = ()
    attention: Sequence[Attention] = ()
    objections: Sequence[Any] = ()
    next_step: str = "nothing"
    subject: Any = None
    counts: dict[str, int] = field(default_factory=dict)
    own_plan: dict[str, Any] | None = None
    own_aside: Sequence[tuple[str, Any]] = ()

    @property
    def published(self) -> Any:
        """The plan that is published now."""
        return next((plan for plan in self.plans if plan.state == "published"), None)

    @property
    def waits_for_word_of_courses(self) -> bool:
        """Whether somebody is to say what became of a course that was agreed."""
        return bool(self.to_report or self.to_assess)

    @property
    def waiting_parts(self) -> list[Any]:
        """What the participant's supports are asked to give and it has not answered."""
        return [part for part in self.parts if part.state == "asked"]

    @property
    def waiting_dates(self) -> list[Any]:
        """Other dates for sessions that wait for an answer of the reader's own participant."""
        return [one for one in self.dates if one.may_answer]

    @property
    def returned(self) -> list[tuple[str, Any]]:
        """The participant's own records that were given back with questions."""
        return [(area, one) for area, one in self.own_aside if one.state == "returned"]

    @property
    def drafts(self) -> list[tuple[str, Any]]:
        """The participant's own records that it has written and not sent."""
        return [(area, one) for area, one in self.own_aside if one.state == "draft"]

    @property
    def attention_counts(self) -> dict[str, int]:
        """How often each kind of thing has happened since the published plan was made."""
        return dict(Counter(one.code for one in self.attention))

    @property
    def may_run(self) -> bool:
        """Whether a run can be asked for: always, but for a first match in a round that is closed."""
        return self.round.state == "open" or self.published is not None


def desk_of(actor: Actor, found: Any) -> Desk:
    """The round as the actor sees it: a coordinator's cockpit, or what waits for a participant."""
    code = found.code
    if not permissions.may_see_offers(actor):
        return Desk(found)
    desk = Desk(
        found,
        offers=submissions.list_offers(actor, code, only_live=True),
        supports=submissions.list_supports(actor, code, only_live=True),
    )
    if actor.role == "observer":
        return desk
    desk.needs = submissions.list_needs(actor, code, only_live=True)
    desk.questions = questions.list_questions(actor, code)
    desk.matches = decisions.list_matches(actor, code)
    desk.to_report = [one for one in desk.matches if one.delivery and one.delivery.is_overdue]
    desk.to_assess = [one for one in desk.matches if one.delivery and one.delivery.to_assess]
    desk.dates = other_dates.list_date_proposals(actor, code)
    if permissions.may_coordinate(actor):
        desk.runs = runs.list_runs(actor, code)
        desk.plans = publication.list_plans(actor, code)
        desk.attention = kept_readings.read_attention(actor, code)
        desk.counts = _intake(desk)
        desk.next_step, desk.subject = _coordinators_step(actor, desk)
    else:
        own = actor.participant_id
        desk.offers = [one for one in desk.offers if one.participant_id == own]
        desk.supports = [one for one in desk.supports if one.participant_id == own]
        desk.own_aside = _own_aside(actor, code)
        desk.own_plan = publication.plan_for_participant(actor, code)
        desk.waiting = [match for match in desk.matches if waits_for(actor, match)]
        desk.parts = parties.list_parts(actor, code)
        desk.next_step = _participants_step(desk)
    return desk


def _own_aside(actor: Actor, code: str) -> list[tuple[str, Any]]:
    """The actor's own records that wait for it, in the order in which they should be looked at."""
    lists: dict[str, Callable[..., Sequence[Any]]] = {
        "needs": submissions.list_needs,
        "offers": submissions.list_offers,
        "supports": submissions.list_supports,
    }
    found = [
        (area, one)
        for area, list_all in lists.items()
        for one in list_all(actor, code, participant_code=actor.participant_code)
        if one.state in STATES_THAT_WAIT_FOR_OWNERS
    ]
    return sorted(found, key=lambda pair: STATES_THAT_WAIT_FOR_OWNERS.index(pair[1].state))


def open_sides(match: MatchView) -> list[str]:
    """The sides for which the reader may still answer: not heard yet, or asked for more than confirmed."""
    if match.state == "asked":
        return [side for side in match.my_sides if side == "recipient"]
    if match.state != "proposed":
        return []
    answered = {decision.side for decision in match.decisions} - set(match.asks_more_of)
    return [side for side in match.my_sides if side not in answered]


def waits_for(actor: Actor, match: MatchView) -> bool:
    """Whether the match waits for an answer of the actor's own side; a coordinator's is the secretariat."""
    own = {"secretariat"} if permissions.may_coordinate(actor) else {"recipient", "provider"}
    return match.waiting_for in own.intersection(match.my_sides)


def gap_of(actor: Actor, need: Any) -> Gap | None:
    """Why the published plan leaves a need short of seats, and what would help it; None where it does not."""
    code, reference = need.round.code, need.reference
    if permissions.may_coordinate(actor):
        plan = publication.published_plan(actor, code)
        row = None if plan is None else _row_of(plan.document["unmet"], reference)
        if plan is None or row is None:
            return None
        found = explanations.read_study(actor, plan.id).changes.get(reference)
        return Gap(row, Names(plan.labels), plan.id, found)
    own = publication.plan_for_participant(actor, code)
    row = None if own is None else _row_of(own["unmet"], reference)
    if own is None or row is None:
        return None
    explained = _row_of(own["explanation"]["unmet"], reference) or {}
    changes = explained.get("changes") or {"helps": ()}
    helping = tuple(one["change"] for one in changes["helps"])
    return Gap(row, Names(own["labels"]), own["plan_id"], own_changes=helping)


def _row_of(rows: Sequence[Any], reference: str) -> Any:
    return next((row for row in rows if row["need"] == reference), None)


def _intake(desk: Desk) -> dict[str, int]:
    answers = {"confirmed": 0, "declined": 0}
    for match in desk.matches:
        for decision in match.decisions:
            answers[decision.answer] += 1
    return {
        "needs": len(desk.needs),
        "not_recognised": sum(one.priority_recognised is None for one in desk.needs),
        "not_acknowledged": sum(
            one.state == "submitted" for one in (*desk.needs, *desk.offers, *desk.supports)
        ),
        "offers": len(desk.offers),
        "supports": len(desk.supports),
        "questions": len(desk.questions),
        "agreed": sum(match.state == "agreed" for match in desk.matches),
        "asked": sum(match.state == "asked" for match in desk.matches),
        "proposed": sum(match.state == "proposed" for match in desk.matches),
        "declined": sum(match.state == "declined" for match in desk.matches),
        "lapsed": sum(match.state == "lapsed" for match in desk.matches),
        **_counts_of_courses(desk.matches),
        **answers,
    }


def _counts_of_courses(matches: Sequence[MatchView]) -> dict[str, int]:
    """How many courses of agreed matches are at which point."""
    states = Counter(one.delivery.state for one in matches if one.delivery is not None)
    return {state: states[state] for state in ("scheduled", "delivered", "not_delivered")}


def _coordinators_step(actor: Actor, desk: Desk) -> tuple[str, Any]:
    """The one next action: wait for a run, decide a clash, read a draft, repair, wait for answers, match."""
    # A comparison of scenarios makes no plan: nothing waits for it.
    planning = [run for run in desk.runs if run.purpose in PLANNING_PURPOSES]
    active = next((run for run in planning if run.state in ACTIVE_RUN_STATES), None)
    if active:
        return "wait_for_run", active
    # The runs that try a way out of a clash belong to the run that found it.
    latest_root = next((run for run in planning if run.base_run_id is None), None)
    if latest_root and latest_root.outcome == "clashing_pins" and not _is_decided(desk, latest_root):
        return "choose", latest_root
    draft = publication.latest_useful_draft(actor, desk.round.code)
    if draft:
        desk.objections = kept_readings.read_objections(actor, draft.id)
        return _step_towards_publication(actor, desk, draft), draft
    if desk.published:
        return _step_after_publication(desk), desk.published
    if desk.round.state == "closed":
        return "reopen", None
    return ("match", None) if desk.needs and desk.offers else ("collect", None)


def _step_towards_publication(actor: Actor, desk: Desk, plan: Any) -> str:
    if desk.objections:
        return "run_again"
    if plan.state == "put_forward":
        return "approve" if publish_gate.may_approve(actor, plan) else "wait_for_approval"
    return "held" if plan.state == "approved" else "read_plan"


def _step_after_publication(desk: Desk) -> str:
    if desk.attention:
        return "repair"
    return "wait_for_answers" if desk.counts["asked"] + desk.counts["proposed"] else "all_answered"


def _is_decided(desk: Desk, root: Any) -> bool:
    """Whether a plan that was made after the clash has been published."""
    return desk.published is not None and desk.published.run_id > root.id


def _participants_step(desk: Desk) -> str:
    if desk.returned:
        return "mend"
    if desk.waiting:
        return "answer"
    if desk.waiting_dates:
        return "answer_dates"
    if desk.waiting_parts:
        return "answer_parts"
    if desk.questions:
        return "answer_questions"
    if desk.to_report:
        return "report"
    if desk.to_assess:
        return "assess"
    if desk.drafts and desk.round.state == "open":
        return "go_on"
    has_records = desk.needs or desk.offers or desk.supports or desk.own_aside
    return "nothing" if has_records else "submit"
