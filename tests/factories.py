"""Rows for tests: each function makes one, whole enough to be matched, and commits it.

They need an open application context, which the `app` fixture gives. Any column can be given by name; what a
column refers to is made where it is missing.
"""

import itertools
from datetime import date
from typing import Any

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import (
    Mission,
    Need,
    Offer,
    OfferSession,
    Participant,
    Person,
    Place,
    Region,
    Round,
    Support,
    TrainingArea,
)
from lcm_service.services import accounts, passwords

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1001)


def save(row: Any) -> Any:
    """Add a row and commit it."""
    db.session.add(row)
    db.session.commit()
    return row


def make_region(code: str = "002", **columns: Any) -> Region:
    return _found(Region, code) or save(Region(code=code, **{"names": {"en": f"Region {code}"}, **columns}))


def make_place(code: str = "XAA", **columns: Any) -> Place:
    """A fictional place; an existing one is given back as it is."""
    defaults = {"regions": ["002"], "names": {"en": f"Place {code}"}, "is_fictional": True}
    return _found(Place, code) or save(Place(code=code, **(defaults | columns)))


def make_area(code: str = "C-IED", **columns: Any) -> TrainingArea:
    defaults = {"group": "safety-security", "names": {"en": f"Area {code}"}, "paragraphs": "10"}
    return _found(TrainingArea, code) or save(TrainingArea(code=code, **(defaults | columns)))


def make_mission(code: str = "UNMISS", **columns: Any) -> Mission:
    defaults: dict[str, Any] = {"name": f"Mission {code}", "place_codes": []}
    return _found(Mission, code) or save(Mission(code=code, **(defaults | columns)))


def make_participant(code: str | None = None, **columns: Any) -> Participant:
    """A fictional Member State at the place of the same code."""
    code = code or f"X{_letters(next(_numbers))}"
    existing = db.session.query(Participant).filter_by(code=code).one_or_none()
    if existing is not None:
        return existing
    defaults = {"kind": "member_state", "names": {"en": f"State {code}"}, "groups": [], "is_fictional": True}
    values = defaults | columns
    if "place_code" not in values:
        values["place_code"] = make_place(code).code
    return save(Participant(code=code, **values))


def make_person(role: str = "focal_point", participant: Participant | None = None, **columns: Any) -> Person:
    """Someone whose password is PASSWORD. A focal point gets a participant of its own unless one is given."""
    if role == "focal_point" and participant is None:
        participant = make_participant()
    values = {"email": f"person{next(_numbers)}@example.org", "name": "A person"} | columns
    password = values.pop("password", PASSWORD)
    return save(
        Person(
            role=role,
            participant=participant,
            password_hash=passwords.hash_of(password),
            **values,
        )
    )


def make_actor(role: str = "focal_point", participant: Participant | None = None) -> Any:
    """The actor of a new person."""
    return accounts.actor_of(make_person(role, participant))


def make_round(code: str | None = None, **columns: Any) -> Round:
    """An open round over the whole of 2027, whose approved plans leave at once."""
    defaults: dict[str, Any] = {
        "title": "A round",
        "hold_minutes": 0,
        "opens_on": date(2027, 1, 1),
        "closes_on": date(2027, 12, 31),
        "policy": {},
    }
    return save(Round(code=code or f"round-{next(_numbers)}", **(defaults | columns)))


def make_need(participant: Participant | None = None, round: Round | None = None, **columns: Any) -> Need:
    """A need of which everything is known and whose seats and priority are recognised as asked."""
    defaults: dict[str, Any] = {
        "reference": f"N-{next(_numbers):04}",
        "title": "A need",
        "areas": ["C-IED"],
        "level": "basic",
        "personnel": ["troops"],
        "seats_asked": 20,
        "women": 2,
        "earliest": date(2027, 3, 1),
        "latest": date(2027, 9, 30),
        "languages": ["en"],
        "modes": ["regional_centre"],
        "priority_asked": "high",
    }
    values = defaults | columns
    values.setdefault("seats_recognised", values["seats_asked"])
    values.setdefault("priority_recognised", values["priority_asked"])
    for code in values["areas"] or []:
        make_area(code)
    return save(Need(participant=participant or make_participant(), round=round or make_round(), **values))


def make_offer(
    participant: Participant | None = None,
    round: Round | None = None,
    sessions: list[dict[str, Any]] | None = None,
    **columns: Any,
) -> Offer:
    """An offer of which all is known; one dated session S1, unless `sessions` or a window is given."""
    defaults: dict[str, Any] = {
        "reference": f"O-{next(_numbers):04}",
        "title": "An offer",
        "areas": ["C-IED"],
        "level": "basic",
        "personnel": ["any"],
        "seats": 30,
        "min_seats": 10,
        "languages": ["en"],
        "mode": "regional_centre",
        "only": ["any"],
        "requires": [],
    }
    values = defaults | columns
    participant = participant or make_participant()
    if "place_code" not in values:
        values["place_code"] = participant.place_code
    if sessions is None:
        has_window = "not_before" in values or "not_after" in values
        sessions = [] if has_window else [{"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 16)}]
    for code in values["areas"] or []:
        make_area(code)
    rows = [OfferSession(**{"key": f"S{number}", **session}) for number, session in enumerate(sessions, 1)]
    return save(Offer(participant=participant, round=round or make_round(), sessions=rows, **values))


def make_support(
    participant: Participant | None = None, round: Round | None = None, **columns: Any
) -> Support:
    """A support of 100,000 dollars without conditions."""
    defaults: dict[str, Any] = {
        "reference": f"R-{next(_numbers):04}",
        "title": "A support",
        "kind": "funds",
        "quantity": 100_000,
    }
    return save(
        Support(
            participant=participant or make_participant(), round=round or make_round(), **(defaults | columns)
        )
    )


def _found(table: type, code: str) -> Any:
    return db.session.get(table, code)


def _letters(number: int) -> str:
    """Two letters for a number, so that made-up codes look like alpha-3 codes: 1 is AB."""
    high, low = divmod(number, 26)
    return f"{chr(65 + high % 26)}{chr(65 + low)}"
