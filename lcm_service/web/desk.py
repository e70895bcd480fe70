"""What waits for a person in a round: the numbers, and the one clear next action."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lcm_service.domain import permissions
from lcm_service.domain.permissions import Actor
from lcm_service.services import decisions, matching, publication, questions, submissions

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
        desk.runs = matching.list_runs(actor, code)
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


def sides_of(actor: Actor, match: Any) -> list[str]:
    """The sides of a match for which the actor answers as a focal point."""
    sides = []
    if actor.answers_for(match.need.participant_id):
        sides.append("recipient")
    if actor.answers_for(match.offer.participant_id):
        sides.append("provider")
    return sides


def waits_for(actor: Actor, match: Any) -> bool:
    """Whether the match waits for an answer of the actor's own side."""
    answered = {decision.side for decision in match.decisions}
    return match.state == "proposed" and any(side not in answered for side in sides_of(actor, match))


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
    """The one next action: wait for a run, decide a clash, read a draft, repair, wait for answers, or match."""
    latest_run = desk.runs[0] if desk.runs else None
    latest_plan = desk.plans[0] if desk.plans else None
    active = next((run for run in desk.runs if run.state in ACTIVE_RUN_STATES), None)
    if active:
        return "wait_for_run", active
    if latest_run and latest_run.outcome == "clashing_pins" and latest_run.base_run_id is None:
        return "choose", latest_run
    if latest_plan and latest_plan.state == "draft":
        return "read_plan", latest_plan
    if desk.published and needs_repair(desk):
        return "repair", desk.published
    if desk.published:
        return "wait_for_answers", desk.published
    return ("match", None) if desk.needs and desk.offers else ("collect", None)


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
