"""Questions on which seats hang."""

from typing import Any

from lcm_service.api.calls import caller, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.answers import QuestionAnswer
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import questions, rounds

blp = make_area(
    "questions", "What nobody has stated and seats hang on. It is answered by a revision.", "/questions"
)


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, QuestionAnswer(many=True))
def list_questions(query: dict[str, Any]) -> Any:
    """Open questions, most seats first: all for coordinators, else those on the caller's own records."""
    asked = questions.list_questions(caller(), query["round"])
    standing = rounds.find_round(caller(), query["round"]).standing
    return [marked(one, standing) for one in asked]
