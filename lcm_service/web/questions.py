"""Questions that nobody has answered yet, those on which most seats hang first."""

from flask import Blueprint, render_template

from lcm_service.services import questions, rounds
from lcm_service.web.showing import current_actor

bp = Blueprint("questions", __name__)


@bp.get("/rounds/<code>/questions")
def index(code: str) -> str:
    """All open questions for coordinators; for a focal point those about its own records."""
    actor = current_actor()
    found = questions.list_questions(actor, code)
    return render_template("questions/index.html", round=rounds.find_round(actor, code), questions=found)
