"""What is said where an answer to a match cannot be taken, as the records are now.

A provider is told nothing but what it reads. It reads a need by the plan that was put to it; what the need
says since then may keep the match from being confirmed, and so may what the provider never reads of it. A
refusal that named a rule or a field would tell of that.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Plan, Round
from lcm_service.services.match_turns import as_known
from lcm_service.services.match_views import questions_of
from lcm_service.services.pairs_now import PairNow, judge_pair_now
from lcm_service.services.plan_questions import RECOGNITION, Asked, asked_now, asked_of
from lcm_service.services.snapshot_records import pair_of

# Whatever the cause is that a provider may not know, the answer is the same.
CANNOT_NOW: Final = sentence("This match cannot be confirmed at the moment. The coordinators look at it.")
# The rules about what a provider reads of a need, and the limits of its own session.
RULES_TOLD: Final = frozenset(("area", "level", "personnel", "language", "women", "eligible", "C1", "C5"))
# The limits of a need that a side breaks by its own answer where it accepts fewer seats.
LIMITS_OF_FEWER: Final = frozenset(("C2", "C3"))


def judge_for_answer(
    session: Session, round_: Round, match: Match, seats: int, *, is_of_provider: bool
) -> PairNow | None:
    """`judge_pair_now` before a side answers for so many seats. Where records contradict themselves a
    provider is not told in what: it is refused as where the pair no longer fits.
    """
    try:
        return judge_pair_now(session, round_, pair_of(match), seats=seats)
    except NotValid as faulty:
        if is_of_provider:
            raise Conflict(CANNOT_NOW) from faulty
        raise


def refuse_pair(
    session: Session, match: Match, plan: Plan, now: PairNow | None, *, is_asked: bool = True
) -> Conflict:
    """The refusal of a match that no longer fits (``details["rules"]``), or that depends on questions of
    ``plan`` that are open (``details["questions"]``); these count where ``is_asked``.
    """
    if is_asked and now is not None and now.questions and not now.refusals:
        asked = (_as_asked(session, match, plan, record, field) for record, field in now.questions)
        return _refuse_unanswered(match, list(dict.fromkeys(asked)))
    rules = [] if now is None else list(now.refusals)
    return Conflict(
        sentence("What the records say now speaks against this match. Ask for a repair."), rules=rules
    )


def refuse_provider(
    session: Session,
    round_: Round,
    match: Match,
    now: PairNow | None,
    seats: int,
    *,
    is_asked: bool = True,
) -> Conflict:
    """The same for the provider, of what it reads itself; else the refusal that names nothing. ``seats``: for
    how many it answers.
    """
    told = _what_provider_reads(session, round_, match, now, seats)
    if told.refusals or (is_asked and told.questions):
        return refuse_pair(session, match, as_known(match).plan, told, is_asked=is_asked)
    return Conflict(CANNOT_NOW)


def _what_provider_reads(
    session: Session, round_: Round, match: Match, now: PairNow | None, seats: int
) -> PairNow:
    """What speaks against the match, and what is to be asked, by the need as it was put to the provider:
    rules about what it reads, questions that it reads as open, and those about its own offer.
    """
    plan = as_known(match).plan
    put = next(row for row in json.loads(plan.problem)["needs"] if row["id"] == match.need_reference)
    judged = judge_pair_now(session, round_, pair_of(match), seats=seats, as_put=put)
    if now is None or judged is None:
        return PairNow((), ())
    told = RULES_TOLD | _limits_of_fewer(match, put, now)
    read = _questions_read(session, match)
    questions = tuple(
        (record, field)
        for record, field in judged.questions
        if asked_of(plan.labels, record, field)[0] == "offer"
        or _as_asked(session, match, plan, record, field) in read
    )
    return PairNow(tuple(rule for rule in judged.refusals if rule in told), questions)


def _limits_of_fewer(match: Match, put: Mapping[str, Any], now: PairNow) -> set[str]:
    """Those that the provider breaks by its own answer, by what was put to it as by what is asked now."""
    if match.seats >= match.seats_put:
        return set()
    return {limit for limit in LIMITS_OF_FEWER.intersection(now.refusals) if limit != "C3" or put["whole"]}


def _questions_read(session: Session, match: Match) -> set[Asked]:
    """The questions about the match that its provider reads as open."""
    open_rows = {
        (row.record_kind, row.record_reference, row.field)
        for row in reads.list_questions(session, match.round_id)
        if row.state == "open"
    }
    return open_rows.intersection(questions_of(match, as_known(match).plan))


def _as_asked(session: Session, match: Match, plan: Plan, record: str, field: str) -> Asked:
    need = reads.find_need(session, match.need_reference)
    return asked_now(asked_of(plan.labels, record, field), None if need is None else need.seats_asked)


def _refuse_unanswered(match: Match, asked: Sequence[Asked]) -> Conflict:
    questions = [
        {"record_kind": kind, "record_reference": reference, "field": field}
        for kind, reference, field in asked
    ]
    if all(one["field"] == RECOGNITION for one in questions):
        return Conflict(
            sentence(
                "This match waits for recognition: a coordinator says how many seats of %(need)s count.",
                need=match.need_reference,
            ),
            questions=questions,
        )
    listed = [
        sentence("%(record)s %(field)s", record=reference, field=Coded("field", field))
        for _, reference, field in asked
    ]
    return Conflict(
        sentence(
            "This match depends on questions that are still open: %(questions)s. Answer them first.",
            questions=listed,
        ),
        questions=questions,
    )
