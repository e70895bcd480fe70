"""The records of the walk's world: what matches, and one of each kind in each state of its life."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Offer, Round
from lcm_service.services import record_ends, submissions
from tests import factories
from tests.walk.names import (
    CO_RECIPIENTS,
    DAYS,
    EQUIPMENT,
    FUNDS,
    KINDS,
    LIVES,
    OTHER_MATCH,
    OWNERS,
    ROLE_OF_OWNER,
    ROUND,
    SCENES,
    SESSION,
    SESSION_TO_COME,
    TABLES,
    TO_COME,
    UNMET,
    VENUE,
    actor,
    reference_of,
    seats_of,
)
from tests.walk.words import texts_of_need, word


def make_records(round_: Round) -> None:
    """All of them, in the order of their references."""
    make_scenes(round_)
    for kind in KINDS:
        make_lives(kind, round_)


def make_scenes(round_: Round) -> None:
    """The pairs that will match, each under a subject of its own, and a need for which there is nothing."""
    for state, reference in SCENES.items():
        unknown = {"languages": None} if state == "uncertain" else {}
        make_need(reference, round_, subject_of(state), **unknown)
        requires = {"planned": [EQUIPMENT], "waiting": [FUNDS], "met": [FUNDS, VENUE]}.get(state, [])
        session = SESSION_TO_COME if state in TO_COME else SESSION
        about: dict[str, Any] = {"requires": requires, "sessions": [session]}
        make_offer(reference.replace("N", "O"), round_, subject_of(state), **about)
    # What grows has few seats at first.
    set_columns("offer", SCENES["grown"].replace("N", "O"), seats=8)
    for state, reference in CO_RECIPIENTS.items():
        make_need(reference, round_, subject_of(state), owner="XRB")
    make_need(OTHER_MATCH, round_, "S-OTHER", owner="XUN")
    make_offer(OTHER_MATCH.replace("N", "O"), round_, "S-OTHER", owner="XPB")
    make_need(UNMET, round_, "S-NOBODY")
    make_offer("O-0120", round_, "S-TWIN")
    for reference, code, kind, quantity, areas in (
        ("R-0101", "XFA", "funds", 90_000, None),
        ("R-0102", "XFB", "venue", 9, None),
        ("R-0103", "XFA", "equipment", 3, ["S-PLANNED"]),
        ("R-0104", "XFA", "equipment", 3, ["S-TWIN"]),
    ):
        more: dict[str, Any] = {"kind": kind, "quantity": quantity, "areas": areas}
        factories.make_support(factories.make_participant(code), round_, reference=reference, **more)


def subject_of(state: str) -> str:
    return f"S-{state.upper()}"


def make_need(reference: str, round_: Round, area: str, *, owner: str = "XRA", **more: Any) -> Any:
    """A need whose restricted texts are words of their own."""
    columns = texts_of_need(reference) | {"areas": [area], "seats_asked": seats_of(reference)} | DAYS | more
    return factories.make_need(factories.make_participant(owner), round_, reference=reference, **columns)


def make_offer(reference: str, round_: Round, area: str, *, owner: str = "XPA", **more: Any) -> Offer:
    """An offer with room for whoever asks, on days that are over where none are said."""
    columns: dict[str, Any] = {"seats": 9_000, "min_seats": 1, "areas": [area], "sessions": [SESSION]}
    columns |= {"title": f"Course {reference}"} | more
    made: Offer = factories.make_offer(
        factories.make_participant(owner), round_, reference=reference, **columns
    )
    return made


def set_columns(kind: str, reference: str, **columns: Any) -> None:
    db.session.query(TABLES[kind]).filter_by(reference=reference).update(columns)
    db.session.commit()


def make_lives(kind: str, round_: Round) -> None:
    """A record of this kind in each state of its life, and a draft. None of them fits anything."""
    owner, references = actor(ROLE_OF_OWNER[kind]), {one: reference_of(kind, one) for one in LIVES}
    for state, reference in references.items():
        make_left_over(kind, reference, round_, word("title", reference) if state == "hidden" else reference)
    set_columns(kind, references["circulated"], visibility_consent=True)
    set_columns(kind, references["hidden"], visibility_consent=False)
    # To be circulated one day.
    set_columns(kind, references["authenticated"], visibility_consent=True)
    for state in ("acknowledged", "circulated"):
        press(kind, state, submissions.acknowledge_record)
    note = word("note", references["authenticated"])
    press(
        kind,
        "authenticated",
        submissions.authenticate_record,
        note_reference=note,
        note_date=date(2024, 2, 1),
    )
    press(kind, "circulated", submissions.circulate_record)
    press(kind, "returned", submissions.return_record, questions=word("questions", references["returned"]))
    withdrawn = getattr(submissions, f"find_{kind}")(owner, references["withdrawn"])
    withdraw = getattr(submissions, f"withdraw_{kind}")
    withdraw(owner, withdrawn.reference, withdrawn.version, word("withdrawal", withdrawn.reference))
    set_columns(kind, references["expired"], expires_on=utc_now().date() - timedelta(days=2))
    record_ends.expire_overdue(SYSTEM)
    draft = {"title": word("title", f"draft-{kind}"), "detail": word("detail", f"draft-{kind}")}
    more = {"kind": "venue"} if kind == "support" else {}
    submissions.save_draft(owner, kind, OWNERS[kind], ROUND, draft | more)


def press(kind: str, state: str, service: Callable[..., Any], **more: Any) -> None:
    """A coordinator takes a step with the record that is to be in this state."""
    coordinator = actor("coordinator")
    record = getattr(submissions, f"find_{kind}")(coordinator, reference_of(kind, state))
    service(coordinator, kind, record.reference, version=record.version, **more)


def make_left_over(kind: str, reference: str, round_: Round, title: str) -> None:
    """A record for which there is no other side."""
    if kind == "need":
        make_need(reference, round_, "S-NOBODY")
    elif kind == "offer":
        make_offer(reference, round_, "S-LEFT", title=title)
    else:
        more: dict[str, Any] = {"kind": "interpretation", "quantity": 4, "title": title}
        factories.make_support(factories.make_participant("XFA"), round_, reference=reference, **more)
