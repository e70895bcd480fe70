"""A service at work, for tests of pages: both demonstration rounds loaded and solved once, then copied.

Every test gets a copy of its own, so it may publish, decline and withdraw as it likes.
"""

import shutil
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import update

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.permissions import SYSTEM, Actor
from lcm_service.jobs.housekeeping import Housekeeping
from lcm_service.jobs.worker import Worker
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Participant, Person, Plan, Round
from lcm_service.services import (
    accounts,
    decisions,
    demonstration,
    exercise,
    matching,
    other_dates,
    publication,
    sheets,
    sourced_records,
)
from lcm_service.services.match_views import MatchView
from tests import factories, publishing
from tests.fixtures import make_app

EXERCISE = exercise.ROUND_CODE
SOURCED = sourced_records.ROUND_CODE
COORDINATOR = "coordinator@example.org"
APPROVER = "approver@example.org"


# A provider that nobody asks: it is there so that its button and its pages are.
SINGLE_SIGN_ON = {
    "address": "https://lcm.example.org",
    "oidc_issuer": "https://id.example.org",
    "oidc_client_id": "lcm",
    "oidc_client_secret": "only used in tests",
    "oidc_name": "Example Secretariat",
}


def open_world(path: Path, **settings: Any) -> Flask:
    """The application on a file of this world."""
    return make_app(f"sqlite:///{path}", demonstration=True, **(SINGLE_SIGN_ON | settings))


def build_world(empty: Path, path: Path) -> None:
    """Load both rounds into a copy of the empty database and solve each of them once."""
    shutil.copyfile(empty, path)
    app = open_world(path)
    with app.app_context():
        demonstration.load_rounds(SYSTEM)
        coordinator = make_person("coordinator", email=COORDINATOR, name="Coordinator")
        make_person("coordinator", email=APPROVER, name="Second coordinator")
        db.session.execute(update(Round).values(hold_minutes=0))
        db.session.commit()
        make_person("observer", email="observer@example.org", name="Observer")
        make_person("administrator", email="administrator@example.org", name="Administrator")
        for code in (EXERCISE, SOURCED):
            matching.request_run(accounts.actor_of(coordinator), code, idempotency_key=f"first-{code}")
    let_worker_run(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def let_worker_run(app: Flask) -> None:
    """Solve every run that waits, as a worker does."""
    worker = Worker(app)
    while worker.work_once():
        pass


def keep_house(app: Flask) -> None:
    """What a worker does now and then beside solving, once."""
    Housekeeping(app, threading.Event()).do_what_is_due()


def coordinator_of(app: Flask) -> Actor:
    """The coordinator as an actor; needs an open context."""
    return accounts.actor_of(person_by_email(COORDINATOR))


def person_by_email(email: str) -> Person:
    return db.session.query(Person).filter_by(email=email).one()


def focal_point_of(code: str) -> Person:
    """A focal point of the participant, made where there is none yet."""
    participant = db.session.query(Participant).filter_by(code=code).one()
    email = f"{code.lower()}@example.org"
    found = db.session.query(Person).filter_by(email=email).one_or_none()
    return found or make_person("focal_point", participant, email=email, name=f"Focal point {code}")


def make_person(role: str, participant: Participant | None = None, **columns: Any) -> Person:
    """Someone of the demonstration, who needs no second factor; that has tests of its own."""
    return factories.make_person(role, participant, is_demonstration=True, **columns)


def draft_of(round_code: str) -> Plan:
    """The newest plan of a round."""
    actor = accounts.actor_of(person_by_email(COORDINATOR))
    return publication.list_plans(actor, round_code)[0]


def publish_draft(round_code: str, *, put: bool = True) -> list[MatchView]:
    """Publish the newest plan of a round and give its matches; ``put``: the recipients agree at once to be
    put to the providers.
    """
    actor = accounts.actor_of(person_by_email(COORDINATOR))
    plan = draft_of(round_code)
    publishing.publish_plan(actor, plan.id, plan.version)
    if put:
        for match in decisions.list_matches(actor, round_code):
            decisions.consent_to_match(actor, match.id, match.version, on_behalf=True)
    return decisions.list_matches(actor, round_code)


def propose_other_dates(app: Flask, matches: list[MatchView]) -> int:
    """A provider proposes by letter to begin two days later; gives the number of the proposal. Not in the
    session of the first match, which tests look at as it is.
    """
    for match in matches:
        start, end = match.session.start, match.session.end
        if match.session_code == matches[0].session_code or start is None or end is None:
            continue
        begins_on, ends_on = start + timedelta(days=2), end + timedelta(days=2)
        try:
            made = other_dates.propose_dates(
                coordinator_of(app), match.id, "provider", begins_on, ends_on, match.version, on_behalf=True
            )
        except (NotValid, Conflict):
            # What stands beside this session does not allow it.
            continue
        return made.id
    raise AssertionError("No session of this plan can begin two days later.")


def leave_sheet(app: Flask) -> str:
    """The coordinator has sent a sheet of XAA, of which one row is good; gives its key."""
    rows = [
        {"row": 3, "cells": {"title": "First aid", "seats_asked": 12}, "faults": {}},
        {"row": 4, "cells": {"title": "Mine clearance", "seats_asked": "ten"}, "faults": {}},
        {"row": 5, "cells": {"title": "Radio"}, "faults": {"": "joined"}},
    ]
    content = {"columns": ["title", "seats_asked"], "strange": [], "rows": rows}
    return sheets.store_sheet(coordinator_of(app), "need", "XAA", EXERCISE, content).key


def firm_matches(matches: list[MatchView]) -> list[MatchView]:
    """The matches that each side can confirm at once."""
    return [match for match in matches if match.is_firm and not match.open_questions]


def to_keep_and_to_lose(matches: list[MatchView]) -> tuple[MatchView, MatchView]:
    """A match to confirm, and one to decline that is alone in its session, so that it leaves nobody short."""
    firm = firm_matches(matches)
    crowds = Counter(match.session_code for match in matches)
    lost = next(match for match in firm if crowds[match.session_code] == 1)
    kept = next(match for match in firm if match.session_code != lost.session_code)
    return kept, lost


def one_that_others_need(matches: list[MatchView]) -> MatchView:
    """A match without which the others in its session are fewer than the session needs to run."""
    labels = draft_of(EXERCISE).labels["sessions"]
    filled = Counter[str]()
    for match in matches:
        filled[match.session_code] += match.seats
    return next(
        match
        for match in matches
        if 0 < filled[match.session_code] - match.seats < (labels[match.session_code]["min_seats"] or 0)
    )


def clash_in(app: Flask) -> int:
    """Publish the exercise, decline a match that others need, and give the run that finds the clash."""
    actor = coordinator_of(app)
    lost = one_that_others_need(publish_draft(EXERCISE))
    decisions.decline_match(actor, lost.id, "recipient", "dates", lost.version, on_behalf=True)
    run = matching.request_run(actor, EXERCISE, idempotency_key="clash")
    let_worker_run(app)
    return run.id
