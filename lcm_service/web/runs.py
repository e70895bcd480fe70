"""Runs: how far one is, what it tells, and the choice that it leaves where matches clash."""

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lcm_service.services import matching, publication, repair, rounds, runs
from lcm_service.web import reasons, studies
from lcm_service.web.desk import ACTIVE_RUN_STATES
from lcm_service.web.plan_view import Names
from lcm_service.web.showing import current_actor, moment

bp = Blueprint("runs", __name__)

# How long a page of a running run waits before it looks again, in seconds.
LOOK_AGAIN_SECONDS = 3


@bp.get("/runs/<row:run_id>")
def show(run_id: int) -> Response:
    """One run. While it is under way the page looks again by itself, unless the reader has said not to."""
    actor = current_actor()
    run = runs.find_run(actor, run_id)
    is_active = run.state in ACTIVE_RUN_STATES
    follows = is_active and request.args.get("follow") != "0"
    plan_id = runs.plan_id_of_run(actor, run_id)
    page = render_template(
        "runs/show.html",
        round=rounds.find_round(actor, run.round.code),
        run=run,
        plan=publication.find_plan(actor, plan_id) if plan_id else None,
        clash=repair.describe_clash(actor, run_id) if run.outcome == "clashing_pins" else None,
        idempotency_key=secrets.token_hex(16),
        names=Names(run.labels or {}),
        is_active=is_active,
        follows=follows,
        progress_sentence=progress_sentence(run.progress),
        aims=rows_of_aims(run.progress),
    )
    response = make_response(page)
    if follows:
        # By a header and not in the page, and with a link that ends it: readers who need time keep the page.
        response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response


@bp.post("/runs/<row:run_id>/cancel")
def cancel(run_id: int) -> Response:
    """Ask a run to stop. The last good plan stays as it is."""
    runs.cancel_run(current_actor(), run_id)
    flash(_("The run is asked to stop."), "good")
    return redirect(url_for("runs.show", run_id=run_id), HTTPStatus.SEE_OTHER)


@bp.post("/runs/<row:run_id>/choose")
def choose(run_id: int) -> Response:
    """Try the coordinator's own way out of a clash: pairs to release, sessions to hold. Nothing is released
    before the plan that comes of it is published.
    """
    actor = current_actor()
    run = runs.find_run(actor, run_id)
    release = [chosen.split(" ", 1) for chosen in request.form.getlist("release")]
    hold = request.form.getlist("hold")
    if not release and not hold:
        flash(_("Choose at least one match to release or one session to hold."), "warn")
        return redirect(url_for("runs.show", run_id=run_id), HTTPStatus.SEE_OTHER)
    follow_up = matching.request_run(
        actor,
        run.round.code,
        idempotency_key=request.form.get("idempotency_key") or secrets.token_hex(16),
        choice={"release": release, "hold": hold},
        base_run_id=run_id,
    )
    return redirect(url_for("runs.show", run_id=follow_up.id), HTTPStatus.SEE_OTHER)


def progress_sentence(progress: dict[str, object] | None) -> object:
    """On which objective the solver is at work, or on which part of an explanation."""
    stage = str((progress or {}).get("stage") or "")
    if stage:
        return studies.STAGES.get(stage, stage)
    name = str((progress or {}).get("objective") or "")
    return reasons.OBJECTIVES.get(name, name) if name else None


def rows_of_aims(progress: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Each aim that the solver has been at work on, in words, with what it has reached; the present one
    last.
    """
    rows = (progress or {}).get("aims") or ()
    return [row | {"sentence": reasons.OBJECTIVES.get(row["objective"], row["objective"])} for row in rows]


def story_sentence(line: dict[str, Any]) -> Any:
    """One line of what happened to a run."""
    sentence = reasons.STORY.get(line["code"])
    return line["text"] if sentence is None else str(sentence) % line["facts"]


def story_moment(line: dict[str, Any]) -> str | None:
    """When a line of a story, or a change, happened; stored documents carry moments as ISO text."""
    return moment(datetime.fromisoformat(line["at"]))
