"""What coordinators' pages ask again and again, worked out once and again after the next event.

What speaks against a draft, and what calls for a repair, are asked by the start page, the cockpit and the
plan page; of a large round each takes a good part of a second. Every change is an event of the chain, so
until the next one the answer is the same; days pass without an event, so today belongs to what it is kept
under. A press that publishes or repairs never reads what is kept here: it asks anew, in its own transaction.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.persistence.audit_chain import read_head_sha256
from lcm_service.persistence.database import db, fresh_session, utc_now
from lcm_service.services import publication, repair
from lcm_service.services.repair import Attention

# Answers of so many questions are kept, for each database that the process speaks to.
KEPT = 32

_kept: WeakKeyDictionary[Engine, OrderedDict[tuple[Any, ...], Any]] = WeakKeyDictionary()
_lock = Lock()


def read_objections(actor: Actor, plan_id: int) -> Sequence[dict[str, Any]]:
    """The rows of `publication.find_objections`. They are shared between requests: nobody may change one.
    Raises as it.
    """
    return _until_next_event(actor, "objections", plan_id, publication.find_objections)


def read_attention(actor: Actor, round_code: str) -> tuple[Attention, ...]:
    """What `repair.find_attention` finds. Raises as it."""
    return _until_next_event(actor, "attention", round_code, repair.find_attention)


def _until_next_event[Subject, Answer](
    actor: Actor, question: str, subject: Subject, ask: Callable[[Actor, Subject], Answer]
) -> Answer:
    if not may_coordinate(actor):
        # Refused there, in words; nothing that is kept is told to anybody else.
        return ask(actor, subject)
    key = _key_now(question, subject)
    with _lock:
        kept = _kept.setdefault(db.engine, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            known: Answer = kept[key]
            return known
    # The page may hold rows that it has read before the last event: here all are read anew, after the head.
    with fresh_session():
        key = _key_now(question, subject)
        answer = ask(actor, subject)
    with _lock:
        kept[key] = answer
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return answer


def _key_now(question: str, subject: Any) -> tuple[Any, ...]:
    return question, subject, read_head_sha256(db.session()), utc_now().date()
