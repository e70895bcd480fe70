"""Needs that their participants have agreed to be named with, for everyone who takes part."""

from flask import Blueprint, render_template

from lcm_service.services import rounds, submissions
from lcm_service.web.showing import current_actor

bp = Blueprint("circulated", __name__)


@bp.get("/rounds/<code>/circulated-needs")
def index(code: str) -> str:
    """What a provider may know of each of them, and no more."""
    actor = current_actor()
    found = submissions.list_circulated_needs(actor, code)
    return render_template("circulated/index.html", round=rounds.find_round(actor, code), needs=found)
