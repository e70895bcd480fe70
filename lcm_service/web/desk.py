"""What waits for a person in a round: the numbers, and the one clear next action."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lcm_service.domain import permissions
from lcm_service.domain.permissions import Actor
from lcm_service.services import decisions, publication, questions, runs, submissions
from lcm_service.services.match_views import MatchView
from lcm_service.web.plan_view import Names

ACTIVE_RUN_STATES = ("queued", "running")
QUESTIONS_SHOWN = 10


@dataclass
class Desk:
    """A round as one person sees it. ``next_step`` names the action that the page puts first."""

    round: Any
    needs: Sequence[Any] = ()
    offers: Sequence[Any] = ()
    supports: Sequence[Any] = ()
    questions: Sequence[Any] = ()
    matches: Sequence[Any] = ()
    waiting: Sequence[Any] = ()
    runs: Sequence[Any] = ()
    plans: Sequence[Any] = ()
    next_step: str = "nothing"
    subject: Any = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def published(self) -> Any:
        """The plan that is published now."""
        return next((plan for plan in self.plans if plan.state == "published"), None)


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
    if permissions.may_coordinate(actor):
        desk.runs = runs.list_runs(actor, code)
        desk.plans = publication.list_plans(actor, code)
        desk.counts = _intake(desk)
        desk.next_step, desk.subject = _coordinators_step(desk)
    else:
        own = actor.participant_id
        desk.offers = [one for one in desk.offers if one.participant_id == own]
        desk.supports = [one for one in desk.supports if one.participant_id == own]
        desk.waiting = [match for match in desk.matches if waits_for(actor, match)]
        desk.next_step = _participants_step(desk)
    return desk


def open_sides(match: MatchView) -> list[str]:
    """The sides for which the reader may still answer: not heard yet, or asked for more than confirmed."""
    if match.state != "proposed":
        return []
    answered = {decision.side for decision in match.decisions} - set(match.asks_more_of)
    return [side for side in match.my_sides if side not in answered]


def waits_for(actor: Actor, match: MatchView) -> bool:
    """Whether the match waits for an answer of the actor's own side; a coordinator's is the secretariat."""
    own = {"secretariat"} if permissions.may_coordinate(actor) else {"recipient", "provider"}
    return not own.isdisjoint(open_sides(match))


def unmet_of(actor: Actor, need: Any) -> tuple[Any, Names] | None:
    """Why the published plan leaves a need short of seats: the row, and the names in it; else None."""
    code = need.round.code
    if permissions.may_coordinate(actor):
        plan = publication.published_plan(actor, code)
        document, labels = (plan.document, plan.labels) if plan else ({}, {})
    else:
        document = publication.plan_for_participant(actor, code) or {}
        labels = document.get("labels") or {}
    rows = (row for row in document.get("unmet") or () if row["need"] == need.reference)
    row = next(rows, None)
    return None if row is None else (row, Names(labels))


def _intake(desk: Desk) -> dict[str, int]:
    answers = {"confirmed": 0, "declined": 0}
    for match in desk.matches:
        for decision in match.decisions:
            answers[decision.answer] += 1
    return {
        "needs": len(desk.needs),
        "not_recognised": sum(one.priority_recognised is None for one in desk.needs),
        "offers": len(desk.offers),
        "supports": len(desk.supports),
        "questions": len(desk.questions),
        "agreed": sum(match.state == "agreed" for match in desk.matches),
        "proposed": sum(match.state == "proposed" for match in desk.matches),
        "declined": sum(match.state == "declined" for match in desk.matches),
        **answers,
    }


def _coordinators_step(desk: Desk) -> tuple[str, Any]:
    """The one next action: wait for a run, decide a clash, read a draft, repair, wait, or match."""
    # The runs that try a way out of a clash belong to the run that found it.
    latest_root = next((run for run in desk.runs if run.base_run_id is None), None)
    latest_plan = desk.plans[0] if desk.plans else None
    active = next((run for run in desk.runs if run.state in ACTIVE_RUN_STATES), None)
    if active:
        return "wait_for_run", active
    if latest_root and latest_root.outcome == "clashing_pins" and not _is_decided(desk, latest_root):
        return "choose", latest_root
    if latest_plan and latest_plan.state == "draft":
        return "read_plan", latest_plan
    if desk.published and needs_repair(desk):
        return "repair", desk.published
    if desk.published:
        return "wait_for_answers", desk.published
    return ("match", None) if desk.needs and desk.offers else ("collect", None)


def _is_decided(desk: Desk, root: Any) -> bool:
    """Whether a plan that was made after the clash has been published."""
    return desk.published is not None and desk.published.run_id > root.id


def needs_repair(desk: Desk) -> bool:
    """Whether something was declined or released since the published plan was made."""
    published = desk.published
    return any(
        match.state in ("declined", "released") and match.plan_id == published.id for match in desk.matches
    )


def _participants_step(desk: Desk) -> str:
    if desk.waiting:
        return "answer"
    if desk.questions:
        return "answer_questions"
    return "submit" if not (desk.needs or desk.offers or desk.supports) else "nothing"
