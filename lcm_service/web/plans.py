"""Plans: read with their certificate, then put forward, approved and held, or put aside, by coordinators."""

import json
import secrets
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain.vocabulary import UNPUBLISHED_PLAN_STATES
from lcm_service.services import (
    explanations,
    kept_readings,
    moved_days,
    notices,
    publication,
    publish_gate,
    trail,
)
from lcm_service.web import plan_pictures, plan_view, studies
from lcm_service.web.desk import ACTIVE_RUN_STATES
from lcm_service.web.plan_search import rows_of_plan
from lcm_service.web.portions import portion_of, wanted_rows
from lcm_service.web.saving import read_version
from lcm_service.web.showing import current_actor

bp = Blueprint("plans", __name__)


@bp.get("/plans/<row:plan_id>")
def show(plan_id: int) -> str:
    """The whole plan: certificate, matches, questions, unmet needs, sessions, difference."""
    actor = current_actor()
    plan = publication.find_plan(actor, plan_id)
    is_unpublished = plan.state in UNPUBLISHED_PLAN_STATES
    names = plan_view.Names(plan.labels)
    found = explanations.read_study(actor, plan_id)
    looked = explanations.list_explanations(actor, plan_id)
    wanted = wanted_rows()
    rows = rows_of_plan(names, plan.document, wanted)
    matches, repeated = portion_of(rows.matches, "matches"), notices.find_notices(actor, plan_id)
    return render_template(
        "plans/show.html",
        round=plan.round,
        plan=plan,
        document=plan.document,
        names=names,
        totals=plan_view.totals(plan.document),
        certificate=plan_view.certificate(plan.document),
        wanted=wanted,
        nothing_found=rows.is_empty,
        matches=matches,
        questions=portion_of(rows.questions, "questions"),
        unmet=portion_of(rows.unmet, "unmet"),
        sessions=portion_of(rows.sessions, "sessions"),
        difference=plan.difference,
        objections=kept_readings.read_objections(actor, plan_id) if is_unpublished else [],
        is_unpublished=is_unpublished,
        may_approve=publish_gate.may_approve(actor, plan),
        by_participant=_by_participant(plan, names),
        correction=(plan.run.choice or {}).get("correction"),
        notices=repeated,
        doubles=portion_of(repeated.doubles, "doubles"),
        moved=moved_days.list_moved(actor, plan),
        fits=plan_view.fit_of(plan.explanation, matches.rows),
        waiting=plan_view.waiting_of(plan.explanation),
        view=plan_view,
        study=studies,
        found=found,
        prices=studies.price_rows(names, found),
        looking=next((run for run in looked if run.state in ACTIVE_RUN_STATES), None),
        looked=looked,
        may_look=plan.state in explanations.EXPLAINED_STATES,
        idempotency_key=secrets.token_hex(16),
        events=trail.list_events(actor, "plan", str(plan_id)),
    )


@bp.get("/plans/<row:plan_id>/pictures")
def pictures(plan_id: int) -> str:
    """The plan in pictures: coverage, demand and supply, sessions in time, who gives to whom."""
    plan = publication.find_plan(current_actor(), plan_id)
    names = plan_view.Names(plan.labels)
    time = plan_pictures.time_line_of(names, plan.document)
    return render_template(
        "plans/pictures.html",
        round=plan.round,
        plan=plan,
        names=names,
        coverage=plan_pictures.coverage_of(names, plan.document),
        balance=plan_pictures.balance_of(names, plan.document, json.loads(plan.problem)),
        time=time,
        held=portion_of(time.held, "time"),
        flow=portion_of(plan_pictures.flows_of(names, plan.document), "flow"),
    )


@bp.post("/plans/<row:plan_id>/explanation")
def explain(plan_id: int) -> Response:
    """Ask what would help the needs that the plan leaves short, or one need alone, and who would be next."""
    run = explanations.request_explanation(
        current_actor(),
        plan_id,
        idempotency_key=request.form.get("idempotency_key") or secrets.token_hex(16),
        need=request.form.get("need") or None,
    )
    return redirect(url_for("runs.show", run_id=run.id), HTTPStatus.SEE_OTHER)


@bp.post("/plans/<row:plan_id>/put-forward")
def put_forward(plan_id: int) -> Response:
    """Ask another coordinator to approve the plan."""
    plan = publish_gate.put_plan_forward(current_actor(), plan_id, read_version(request.form))
    flash(
        _("Plan %(number)s is put forward. Another coordinator approves it.", number=plan.number),
        "good",
    )
    return _back_to(plan)


@bp.post("/plans/<row:plan_id>/approve")
def approve(plan_id: int) -> Response:
    """Approve the plan: it leaves when it was held long enough, and the recipient of each match is asked
    first.
    """
    plan = publish_gate.approve_plan(current_actor(), plan_id, read_version(request.form))
    told = (
        _("Plan %(number)s is published. The recipient of each match is asked first.", number=plan.number)
        if plan.state == "published"
        else _("Plan %(number)s is approved. Until it leaves it can be taken back.", number=plan.number)
    )
    flash(told, "good")
    return _back_to(plan)


@bp.post("/plans/<row:plan_id>/take-back")
def take_back(plan_id: int) -> Response:
    """Make a plan that has not left yet a draft again."""
    plan = publish_gate.take_plan_back(current_actor(), plan_id, read_version(request.form))
    flash(_("Plan %(number)s is a draft again. No participant was told of it.", number=plan.number), "good")
    return _back_to(plan)


@bp.post("/plans/<row:plan_id>/discard")
def discard(plan_id: int) -> Response:
    """Put a draft aside; it stays on record."""
    plan = publication.discard_plan(current_actor(), plan_id, read_version(request.form))
    flash(_("Plan %(number)s is put aside.", number=plan.number), "good")
    return redirect(url_for("rounds.show", code=plan.round.code), HTTPStatus.SEE_OTHER)


def _by_participant(plan: Any, names: plan_view.Names) -> Any:
    """What the plan changes for each participant against the one published before it, where there is one."""
    if plan.difference is None:
        return None
    before = publication.find_plan(current_actor(), plan.base_plan_id)
    return plan_view.difference_by_participant(plan.difference, names, plan_view.Names(before.labels))


def _back_to(plan: Any) -> Response:
    """To the plan while there is something to do about it, to its round once it is published."""
    if plan.state == "published":
        return redirect(url_for("rounds.show", code=plan.round.code), HTTPStatus.SEE_OTHER)
    return redirect(url_for("plans.show", plan_id=plan.id), HTTPStatus.SEE_OTHER)
