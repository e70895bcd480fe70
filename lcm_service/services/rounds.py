"""Rounds: opened, given a policy, closed, opened again."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import ROUND_STANDINGS
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Round
from lcm_service.services.require import require_round
from lcm_service.services.snapshots import check_policy
from lcm_service.services.trail import check_version, record_event

FIELDS: Final = (
    "code",
    "title",
    "standing",
    "opens_on",
    "closes_on",
    "answer_days",
    "hold_minutes",
    "policy",
)
LONGEST_CODE: Final = 40
LONGEST_TITLE: Final = 200
MOST_ANSWER_DAYS: Final = 90
MOST_HOLD_MINUTES: Final = 7 * 24 * 60


def list_rounds(actor: Actor) -> Sequence[Round]:
    """Every round, the newest first. Everyone who is signed in may know which rounds there are."""
    _require_someone(actor)
    return reads.list_rounds(db.session())


def find_round(actor: Actor, code: str) -> Round:
    """A round by its code. Raises NotFound."""
    _require_someone(actor)
    found = require_round(db.session(), code)
    return found


def open_round(actor: Actor, data: Mapping[str, Any]) -> Round:
    """Open a round with a code, a title, its standing and the days on which it opens and closes.

    ``answer_days`` are those that the sides of a match have to answer; 14 where it is left out.
    ``hold_minutes`` is how long an approved plan can be taken back before anybody is told of it; 30 where it
    is left out. ``policy`` may be left out: the optimizer's defaults hold. Raises NotAllowed for all but
    coordinators, NotValid with the faults by field, Conflict where the code is taken.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators open rounds."))
    values = {key: value for key, value in data.items() if value is not None}
    values["code"] = str(values.get("code", "")).strip()
    values["title"] = str(values.get("title", "")).strip()
    values.setdefault("standing", "submitted")
    values.setdefault("policy", {})
    faults = _faults_of(values)
    if faults:
        raise NotValid(sentence("The round cannot be opened as it is."), faults)
    check_policy(values["policy"])
    with transaction() as session:
        if reads.find_round(session, values["code"]) is not None:
            raise Conflict(
                sentence("There is a round %(round)s already. Choose another code.", round=values["code"])
            )
        round_ = Round(**values, state="open")
        session.add(round_)
        session.flush()
        record_event(session, actor, "open", "round", round_.code, sorted(values))
        return round_


def set_policy(actor: Actor, code: str, policy: Mapping[str, Any], version: int) -> Round:
    """Change what the next runs of a round aim for; plans that are stored keep the policy they were made
    under.

    Raises NotAllowed for all but coordinators, NotFound, Stale, NotValid with the optimizer's own lines.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators set the policy of a round."))
    check_policy(policy)
    with transaction() as session:
        round_ = _hold(session, code)
        check_round_version(session, actor, round_, version)
        round_.policy = dict(policy)
        session.flush()
        facts = {"version": round_.version}
        record_event(session, actor, "set_policy", "round", code, ["policy"], facts)
        return round_


def close_round(actor: Actor, code: str, version: int | None = None) -> Round:
    """Close a round to new records and to a first matching.

    What is under way goes on: records are revised, recognised and withdrawn, so that questions can still be
    answered; drafts are published; matches are confirmed, declined and released, and what they leave is
    repaired. Pressed twice it changes nothing. Raises NotAllowed for all but coordinators, NotFound, Stale.
    """
    return _turn(actor, code, version, "close", "closed")


def reopen_round(actor: Actor, code: str, version: int | None = None) -> Round:
    """Open a closed round to new records and matching again. Pressed twice it changes nothing; raises as
    `close_round`.
    """
    return _turn(actor, code, version, "reopen", "open")


def _turn(actor: Actor, code: str, version: int | None, action: str, state: str) -> Round:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators open and close rounds."))
    with transaction() as session:
        round_ = _hold(session, code)
        if round_.state == state:
            return round_
        if version is not None:
            check_round_version(session, actor, round_, version)
        round_.state = state
        session.flush()
        record_event(session, actor, action, "round", code, ["state"], {"version": round_.version})
        return round_


def check_round_version(session: reads.Session, actor: Actor, round_: Round, version: int) -> None:
    """Raise Stale, saying who changed what, unless ``version`` is the round's present one."""
    check_version(session, actor, "round", _Numbered(round_), version)


class _Numbered:
    """A round under the reference that its events carry."""

    def __init__(self, round_: Round) -> None:
        self.reference = round_.code
        self.version = round_.version


def _hold(session: reads.Session, code: str) -> Round:
    found = require_round(session, code)
    return reads.lock_round(session, found.id)


def _faults_of(values: Mapping[str, Any]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {
        key: [sentence("There is no such field.")] for key in set(values) - set(FIELDS)
    }
    code, title = values["code"], values["title"]
    if not code or len(code) > LONGEST_CODE or not all(one.isalnum() or one in "-_." for one in code):
        faults["code"] = [
            sentence("At most %(most)s letters, digits, hyphens, dots and underscores.", most=LONGEST_CODE)
        ]
    if not title or len(title) > LONGEST_TITLE:
        faults["title"] = [
            sentence("Say what the round is called, in at most %(most)s characters.", most=LONGEST_TITLE)
        ]
    if values["standing"] not in ROUND_STANDINGS:
        faults["standing"] = [
            sentence("One of %(choices)s.", choices=[Coded("round_standing", one) for one in ROUND_STANDINGS])
        ]
    days = {name: values.get(name) for name in ("opens_on", "closes_on")}
    for name, day in days.items():
        if not isinstance(day, date):
            faults[name] = [sentence("Give a day.")]
    opens_on, closes_on = days.values()
    if isinstance(opens_on, date) and isinstance(closes_on, date) and closes_on < opens_on:
        faults["closes_on"] = [sentence("A round does not close before it opens.")]
    answer_days = values.get("answer_days", 1)
    if not isinstance(answer_days, int) or not 1 <= answer_days <= MOST_ANSWER_DAYS:
        faults["answer_days"] = [sentence("Between 1 and %(most)s days.", most=MOST_ANSWER_DAYS)]
    hold_minutes = values.get("hold_minutes", 0)
    if not isinstance(hold_minutes, int) or not 0 <= hold_minutes <= MOST_HOLD_MINUTES:
        faults["hold_minutes"] = [sentence("Between 0 and %(most)s minutes.", most=MOST_HOLD_MINUTES)]
    if not isinstance(values["policy"], Mapping):
        faults["policy"] = [sentence("A policy is an object.")]
    return faults


def _require_someone(actor: Actor) -> None:
    if actor.person_id is None and not actor.is_system:
        raise NotSignedIn(sentence("Sign in to see the rounds."))
