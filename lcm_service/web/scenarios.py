"""Scenarios: the same round under several orders of aims, side by side. For coordinators."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lcm_service.services import rounds, scenarios
from lcm_service.web import reasons
from lcm_service.web.desk import ACTIVE_RUN_STATES
from lcm_service.web.plan_view import Names
from lcm_service.web.runs import LOOK_AGAIN_SECONDS, progress_sentence
from lcm_service.web.showing import current_actor

bp = Blueprint("scenarios", __name__)

Document = Mapping[str, Any]


@bp.get("/rounds/<code>/scenarios")
def show(code: str) -> Response:
    """The newest comparison of a round, or the one that ``run`` names; while one is under way the page looks
    again by itself, unless the reader has said not to.
    """
    actor = current_actor()
    round_ = rounds.find_round(actor, code)
    comparisons = scenarios.list_comparisons(actor, code)
    active = next((run for run in comparisons if run.state in ACTIVE_RUN_STATES), None)
    shown = _choose(comparisons, request.args.get("run"))
    follows = active is not None and request.args.get("follow") != "0"
    page = render_template(
        "scenarios/show.html",
        round=round_,
        active=active,
        at_work=None if active is None else _at_work(active.progress),
        failed=comparisons[0] if comparisons and comparisons[0].state == "failed" else None,
        shown=shown,
        is_newest=shown is None or shown is _choose(comparisons, None),
        columns=[] if shown is None else columns_of(shown.result),
        values=[] if shown is None else rows_of_values(shown.result),
        recipients=[] if shown is None else rows_of_recipients(shown.result),
        names=Names({} if shown is None else shown.labels),
        follows=follows,
        idempotency_key=secrets.token_hex(16),
    )
    response = make_response(page)
    if follows:
        response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response


@bp.post("/rounds/<code>/scenarios")
def compare(code: str) -> Response:
    """Ask for a comparison of the round as it is now. Pressed twice, it is asked once."""
    key = request.form.get("idempotency_key") or secrets.token_hex(16)
    scenarios.request_comparison(current_actor(), code, idempotency_key=key)
    flash(_("The comparison is asked for."), "good")
    return redirect(url_for("scenarios.show", code=code), HTTPStatus.SEE_OTHER)


def _choose(comparisons: Sequence[Any], asked: str | None) -> Any:
    """The comparison that is asked for by its run, else the newest that is done; none where there is none."""
    done = [run for run in comparisons if run.state == "done"]
    if asked is None:
        return done[0] if done else None
    return next((run for run in done if str(run.id) == asked), None) or abort(HTTPStatus.NOT_FOUND)


def _at_work(progress: Document | None) -> Any:
    """On which scenario and which aim the solver is at work."""
    aim = progress_sentence(dict(progress) if progress else None)
    name = str((progress or {}).get("scenario") or "")
    if not aim or not name:
        return aim
    return _("%(scenario)s: %(aim)s", scenario=reasons.SCENARIO_NAMES.get(name, name), aim=aim)


@dataclass(frozen=True)
class Column:
    """A scenario as the page tells it; ``row`` is its part of the stored comparison."""

    name: Any
    sentence: Any
    outcome: Any
    is_proven: bool
    has_plan: bool
    same_as: Any
    dominated_by: Sequence[tuple[Any, bool]]
    differences: Sequence[tuple[Any, Document]]
    row: Document


def columns_of(document: Document) -> list[Column]:
    """The scenarios in their order, with their names and sentences in the reader's language."""
    return [
        Column(
            name=_name(row["name"]),
            sentence=reasons.SCENARIOS.get(row["name"], ""),
            outcome=reasons.SCENARIO_OUTCOMES.get(row["outcome"], row["outcome"]),
            is_proven=row["outcome"] == "optimal",
            has_plan=row["seats_placed"] is not None,
            same_as=None if row["same_as"] is None else _name(row["same_as"]),
            dominated_by=[(_name(one["scenario"]), one["proven"]) for one in row["dominated_by"]],
            differences=[
                (reasons.SCENARIO_REFERENCES.get(one["against"], one["against"]), one)
                for one in row["differences"]
            ],
            row=row,
        )
        for row in document["scenarios"]
    ]


def rows_of_values(document: Document) -> list[tuple[Any, list[Document | None]]]:
    """Each aim in words, with its value in every scenario; none where the scenario has no plan."""
    cells = [{one["name"]: one for one in row["values"]} for row in document["scenarios"]]
    return [
        (sentence, [by_name.get(name) for by_name in cells]) for name, sentence in _aims_in_order(document)
    ]


def _aims_in_order(document: Document) -> list[tuple[str, Any]]:
    """The aims in the order that the round has; those that it leaves out come last."""
    order = [*document["scenarios"][0]["objectives_in_order"], *reasons.OBJECTIVES]
    return [(name, reasons.OBJECTIVES.get(name, name)) for name in dict.fromkeys(order)]


def rows_of_recipients(document: Document) -> list[tuple[str, int, list[Document | None]]]:
    """Each participant's code, the seats that it asks for, and its seats in every scenario."""
    cells = [{one["recipient"]: one for one in row["recipients"]} for row in document["scenarios"]]
    asked = {code: one["seats_asked"] for by_code in cells for code, one in by_code.items()}
    return [(code, asked[code], [by_code.get(code) for by_code in cells]) for code in sorted(asked)]


def _name(scenario: str) -> Any:
    return reasons.SCENARIO_NAMES.get(scenario, scenario)
