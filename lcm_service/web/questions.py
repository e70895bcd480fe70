"""Questions that nobody has answered yet, those on which most seats hang first."""

from collections.abc import Collection

from flask import Blueprint, render_template, url_for

from lcm_service.services import questions, rounds
from lcm_service.web.showing import current_actor

bp = Blueprint("questions", __name__)

# What the form of an offer's first questions asks.
FIRST_QUESTION_FIELDS = frozenset({"personnel", "only", "seats", "mode", "requires", "start", "end"})


@bp.get("/rounds/<code>/questions")
def index(code: str) -> str:
    """All open questions for coordinators; for a focal point those about its own records."""
    actor = current_actor()
    found = questions.list_questions(actor, code)
    return render_template("questions/index.html", round=rounds.find_round(actor, code), questions=found)


def answer_address(kind: str, reference: str, fields: Collection[str]) -> str | None:
    """The form in which these questions about one record are answered together; a participant has none."""
    if kind == "need":
        is_recognition = set(fields) == {"seats_recognised"}
        return url_for("needs.ask_recognition" if is_recognition else "needs.edit", reference=reference)
    if kind == "offer":
        is_first = FIRST_QUESTION_FIELDS.issuperset(fields)
        return url_for("offers.first_questions" if is_first else "offers.edit", reference=reference)
    return url_for("supports.edit", reference=reference) if kind == "support" else None
