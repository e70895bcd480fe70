"""Figures, for everybody: the same as on the page, with codes for names."""

from typing import Any

from lcm_service.api.calls import make_open_area
from lcm_service.schemas.figures import FiguresAnswer
from lcm_service.services import figures

blp = make_open_area("figures", "What everybody may read of a round, in numbers.", "/figures")


@blp.get("/")
@blp.doc(security=[])
@blp.response(200, FiguresAnswer(many=True))
def list_figures() -> Any:
    """The figures of every round that has published a plan, the newest first. No token is needed."""
    return figures.list_figures()
