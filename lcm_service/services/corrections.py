"""A correcting plan: what is published is withdrawn where it should not stand, and the rest planned anew.

What nobody has answered yet may be withdrawn together, with one notice to all; what a side has answered takes
a reason of its own. What is withdrawn comes back in that plan only where the coordinator says that it may;
the plan passes the same gate as every other, and until it leaves, everything stands. Issue 4, Build 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Run
from lcm_service.services import matching
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.match_turns import is_answered
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.require import require_round


@dataclass(frozen=True, slots=True)
class Correctable:
    """A match that a correcting plan may withdraw, and whether a side has answered about it."""

    match: MatchView
    is_answered: bool


def list_correctable(actor: Actor, round_code: str) -> list[Correctable]:
    """The live matches of a round, those that nobody has answered first; without those whose course was held.

    Raises NotAllowed for all but coordinators, NotFound, and Conflict where no plan is published.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators correct plans."))
    session = db.session()
    round_ = require_round(session, round_code)
    if reads.published_plan(session, round_.id) is None:
        raise Conflict(
            sentence(
                "No plan of the round %(round)s is published: there is nothing to correct.", round=round_code
            )
        )
    rows = [
        row
        for row in reads.list_match_sides(session, round_id=round_.id)
        if row[0].state in LIVE_MATCH_STATES and not is_delivered(row[0])
    ]
    views = view_matches(session, actor, rows)
    found = [Correctable(view, is_answered(row[0])) for row, view in zip(rows, views, strict=True)]
    return sorted(found, key=lambda one: one.is_answered)


def request_correction(
    actor: Actor,
    round_code: str,
    notice: str,
    withdraw: Mapping[int, str | None],
    *,
    idempotency_key: str,
    may_return: bool = False,
) -> Run:
    """Ask for a plan without these matches, named by their numbers, each with the reason for it.

    A match that nobody has answered needs none: the notice says why. ``may_return``: the plan may give the
    same pairs seats again, where their records were put right, and their sides are asked anew.

    Raises as `list_correctable`, and NotValid where there is no notice, where nothing is named, or a match
    that a side has answered lacks a reason; what is no longer live cannot be named.
    """
    known = {one.match.id: one.match for one in list_correctable(actor, round_code)}
    if set(withdraw) - set(known):
        raise NotValid(
            sentence("A match that you chose has ended since. Look again."),
            faults={"withdraw": [sentence("Choose again.")]},
        )
    pairs = [
        [known[number].need_reference, known[number].session_code, reason]
        for number, reason in withdraw.items()
    ]
    correction = {"notice": notice, "withdraw": pairs, "may_return": may_return}
    choice = {"correction": correction}
    return matching.request_run(actor, round_code, idempotency_key=idempotency_key, choice=choice)
