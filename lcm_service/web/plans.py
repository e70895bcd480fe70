"""Plans: read with their certificate, then published or put aside, by coordinators."""

import secrets
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lcm_service.services import explanations, notices, publication
from lcm_service.web import plan_view, studies
from lcm_service.web.desk import ACTIVE_RUN_STATES
from lcm_service.web.saving import read_version
from lcm_service.web.showing import current_actor

bp = Blueprint("plans", __name__)


@bp.get("/plans/<row:plan_id>")
def show(plan_id: int) -> str:
    """The whole plan: certificate, matches, questions, unmet needs, sessions, difference."""
    actor = current_actor()
    plan = publication.find_plan(actor, plan_id)
    names = plan_view.Names(plan.labels)
    found = explanations.read_study(actor, plan_id)
    looked = explanations.list_explanations(actor, plan_id)
    return render_template(
        "plans/show.html",
        round=plan.round,
        plan=plan,
        document=plan.document,
        names=names,
        totals=plan_view.totals(plan.document),
        certificate=plan_view.certificate(plan.document),
        questions=plan_view.question_rows(names, plan.document),
        difference=plan.difference,
        objections=publication.find_objections(actor, plan_id) if plan.state == "draft" else [],
        notices=notices.find_notices(actor, plan_id),
        fits=plan_view.fit_of(plan.explanation),
        waiting=plan_view.waiting_of(plan.explanation),
        view=plan_view,
        study=studies,
        found=found,
        prices=studies.price_rows(names, found),
        looking=next((run for run in looked if run.state in ACTIVE_RUN_STATES), None),
        looked=looked,
        may_look=plan.state in explanations.EXPLAINED_STATES,
        idempotency_key=secrets.token_hex(16),
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


@bp.post("/plans/<row:plan_id>/publish")
def publish(plan_id: int) -> Response:
    """Publish the plan: the recipient of each match is asked first."""
    plan = publication.publish_plan(current_actor(), plan_id, read_version(request.form))
    flash(
        _("Plan %(number)s is published. The recipient of each match is asked first.", number=plan.number),
        "good",
    )
    return redirect(url_for("rounds.show", code=plan.round.code), HTTPStatus.SEE_OTHER)


@bp.post("/plans/<row:plan_id>/discard")
def discard(plan_id: int) -> Response:
    """Put a draft aside; it stays on record."""
    plan = publication.discard_plan(current_actor(), plan_id, read_version(request.form))
    flash(_("Plan %(number)s is put aside.", number=plan.number), "good")
    return redirect(url_for("rounds.show", code=plan.round.code), HTTPStatus.SEE_OTHER)
