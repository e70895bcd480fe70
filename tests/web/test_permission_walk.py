"""Every route of pages and API, asked by everybody: who may, may; nobody else learns or changes anything.

The routes come from the application itself. One that is not in the table below fails the walk, so a new page
cannot come without saying whom it is for.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import (
    ApiToken,
    DateAnswer,
    DateProposal,
    Match,
    Need,
    Participant,
    Person,
    Plan,
    Run,
    SignIn,
)
from lcm_service.services import accounts, decisions, invitations, matching, parties, renewals, tokens
from tests.fixtures import key_of_new_sign_in, made_once, sign_in
from tests.web import world
from tests.web.test_all_pages import fingerprint

# Whom the walk knows. "owner" answers for the State whose need is looked at, "provider" for the other side of
# its match, "party" for one who gives a support to its session, "other" for a State that has nothing to do
# with any of them.
ROLES: Final = ("stranger", "administrator", "observer", "other", "party", "provider", "owner", "coordinator")

EVERYBODY: Final = frozenset(ROLES)
SIGNED_IN: Final = EVERYBODY - {"stranger"}
TAKES_PART: Final = SIGNED_IN - {"administrator"}
SUBMITS: Final = frozenset({"other", "party", "provider", "owner", "coordinator"})
OWNS_NEED: Final = frozenset({"owner", "coordinator"})
OWNS_OFFER: Final = frozenset({"provider", "coordinator"})
OWNS_SUPPORT: Final = frozenset({"coordinator"})  # that of the walk belongs to none of the others
OWNS_PART: Final = frozenset({"party", "coordinator"})
# A draft is its participant's own: not even coordinators send or discard one.
KEEPS_NEED: Final = frozenset({"owner"})
KEEPS_OFFER: Final = frozenset({"provider"})
SIDES: Final = frozenset({"owner", "provider", "coordinator"})
COORDINATES: Final = frozenset({"coordinator"})
# The owner is the lead of its participant; the walk's colleague and invitation are of that participant.
LOOKS_AFTER_PEOPLE: Final = frozenset({"owner", "administrator"})
# The sign-in and the token of the walk belong to somebody who is not walking.
NOBODY_ELSE: Final[frozenset[str]] = frozenset()
# A second step is for who has taken the first, an answer for who began at the provider; the walk's people are
# strangers or signed in.
NOBODY_YET: Final[frozenset[str]] = frozenset(("nobody",))

# Endpoint -> who is answered. Everybody else is refused, and nothing changes.
PAGES: Final = {
    "static": EVERYBODY,
    "start.index": EVERYBODY,
    "start.how_it_works": EVERYBODY,
    "start.set_language": EVERYBODY,
    "account.sign_in": EVERYBODY,
    "account.send_sign_in": EVERYBODY,
    "account.sign_out": EVERYBODY,
    "account.code": NOBODY_YET,
    "account.send_code": NOBODY_YET,
    "account.set_up": NOBODY_YET,
    "account.send_set_up": NOBODY_YET,
    "single_sign_on.begin": EVERYBODY,
    "single_sign_on.answer": NOBODY_YET,
    "own_account.show": SIGNED_IN,
    "own_account.ask_password": SIGNED_IN,
    "own_account.change_password": SIGNED_IN,
    "own_account.ask_second_factor": SIGNED_IN,
    "own_account.set_up_second_factor": SIGNED_IN,
    "own_account.ask_recovery_codes": SIGNED_IN,
    "own_account.renew_recovery_codes": SIGNED_IN,
    "own_account.ask_link": SIGNED_IN,
    "own_account.link": SIGNED_IN,
    "own_account.ask_unlink": SIGNED_IN,
    "own_account.unlink": SIGNED_IN,
    "own_account.end_sign_in": NOBODY_ELSE,
    "own_account.end_other_sign_ins": SIGNED_IN,
    "own_account.ask_token": SIGNED_IN,
    "own_account.create_token": SIGNED_IN,
    "own_account.take_back_token": NOBODY_ELSE,
    "people.index": LOOKS_AFTER_PEOPLE,
    "people.ask_invitation": LOOKS_AFTER_PEOPLE,
    "people.invite": LOOKS_AFTER_PEOPLE,
    "people.withdraw_invitation": LOOKS_AFTER_PEOPLE,
    "people.ask_end_of_access": LOOKS_AFTER_PEOPLE,
    "people.end_access": LOOKS_AFTER_PEOPLE,
    "people.ask_hand_over": LOOKS_AFTER_PEOPLE,
    "people.hand_over": LOOKS_AFTER_PEOPLE,
    "people.ask_delegation": frozenset({"owner"}),
    "people.delegate": frozenset({"owner"}),
    "people.end_delegation": frozenset({"owner"}),
    "people.ask_renewal": frozenset({"administrator"}),
    "people.begin_renewal": frozenset({"administrator"}),
    "people.renewal": EVERYBODY,
    "people.renew_password": EVERYBODY,
    "people.invitation": EVERYBODY,
    "people.accept_invitation": EVERYBODY,
    "activities.index": TAKES_PART,
    "activities.new": SUBMITS,
    "activities.record": SUBMITS,
    "rounds.index": SIGNED_IN,
    "rounds.ask_record_weight": COORDINATES,
    "rounds.set_record_weight": COORDINATES,
    "rounds.show": SIGNED_IN,
    "rounds.new": COORDINATES,
    "rounds.open_round": COORDINATES,
    "rounds.match": COORDINATES,
    "rounds.close": COORDINATES,
    "rounds.reopen": COORDINATES,
    "needs.index": SUBMITS,
    "needs.new": SUBMITS,
    "needs.submit": SUBMITS,
    "needs.show": OWNS_NEED,
    "needs.history": OWNS_NEED,
    "needs.edit": OWNS_NEED,
    "needs.revise": OWNS_NEED,
    "needs.send": KEEPS_NEED,
    "needs.discard": KEEPS_NEED,
    "needs.ask_withdrawal": OWNS_NEED,
    "needs.withdraw": OWNS_NEED,
    "needs.ask_renewal": OWNS_NEED,
    "needs.renew": OWNS_NEED,
    "needs.ask_recognition": COORDINATES,
    "needs.recognise": COORDINATES,
    "needs.recognise_as_asked": COORDINATES,
    "needs.acknowledge": COORDINATES,
    "needs.ask_authentication": COORDINATES,
    "needs.authenticate": COORDINATES,
    "needs.circulate": COORDINATES,
    "needs.ask_return": COORDINATES,
    "needs.give_back": COORDINATES,
    "offers.index": TAKES_PART,
    "offers.new": SUBMITS,
    "offers.submit": SUBMITS,
    "offers.show": TAKES_PART,
    "offers.history": TAKES_PART,
    "offers.edit": OWNS_OFFER,
    "offers.revise": OWNS_OFFER,
    "offers.first_questions": OWNS_OFFER,
    "offers.answer_first_questions": OWNS_OFFER,
    "offers.send": KEEPS_OFFER,
    "offers.discard": KEEPS_OFFER,
    "offers.ask_withdrawal": OWNS_OFFER,
    "offers.withdraw": OWNS_OFFER,
    "offers.ask_renewal": OWNS_OFFER,
    "offers.renew": OWNS_OFFER,
    "offers.withdraw_session": OWNS_OFFER,
    "offers.ask_reply": OWNS_OFFER,
    "offers.reply": OWNS_OFFER,
    "offers.acknowledge": COORDINATES,
    "offers.ask_authentication": COORDINATES,
    "offers.authenticate": COORDINATES,
    "offers.circulate": COORDINATES,
    "offers.ask_return": COORDINATES,
    "offers.give_back": COORDINATES,
    "supports.index": TAKES_PART,
    "supports.new": SUBMITS,
    "supports.submit": SUBMITS,
    "supports.show": TAKES_PART,
    "supports.history": TAKES_PART,
    "supports.edit": OWNS_SUPPORT,
    "supports.revise": OWNS_SUPPORT,
    "supports.send": NOBODY_ELSE,
    "supports.discard": NOBODY_ELSE,
    "supports.ask_withdrawal": OWNS_SUPPORT,
    "supports.withdraw": OWNS_SUPPORT,
    "supports.ask_renewal": OWNS_SUPPORT,
    "supports.renew": OWNS_SUPPORT,
    "supports.acknowledge": COORDINATES,
    "supports.ask_authentication": COORDINATES,
    "supports.authenticate": COORDINATES,
    "supports.circulate": COORDINATES,
    "supports.ask_return": COORDINATES,
    "supports.give_back": COORDINATES,
    "circulated.index": TAKES_PART,
    "questions.index": SUBMITS,
    "runs.show": COORDINATES,
    "runs.cancel": COORDINATES,
    "runs.choose": COORDINATES,
    "scenarios.show": COORDINATES,
    "scenarios.compare": COORDINATES,
    "plans.show": COORDINATES,
    "plans.explain": COORDINATES,
    "plans.put_forward": COORDINATES,
    "plans.approve": COORDINATES,
    "plans.take_back": COORDINATES,
    "corrections.ask": COORDINATES,
    "corrections.correct": COORDINATES,
    "plans.discard": COORDINATES,
    "matches.index": SIGNED_IN,
    "matches.show": SIDES,
    "matches.consent": OWNS_NEED,
    "matches.confirm": SIDES,
    "matches.ask_fewer": SIDES,
    "matches.accept_fewer": SIDES,
    "matches.ask_reason": SIDES,
    "matches.decline": SIDES,
    "matches.revive": SIDES,
    "matches.ask_release": COORDINATES,
    "matches.release": COORDINATES,
    "deliveries.ask_schedule": OWNS_OFFER,
    "deliveries.schedule": OWNS_OFFER,
    "deliveries.ask_delivered": SIDES,
    "deliveries.report_delivered": SIDES,
    "deliveries.ask_not_delivered": SIDES,
    "deliveries.report_not_delivered": SIDES,
    "deliveries.ask_assessment": SIDES,
    "deliveries.assess": SIDES,
    "parts.index": SIGNED_IN,
    "parts.show": OWNS_PART,
    "parts.confirm": OWNS_PART,
    "parts.ask_reason": OWNS_PART,
    "parts.decline": OWNS_PART,
    "dates.ask": SIDES,
    "dates.propose": SIDES,
    "dates.show": SIDES,
    "dates.accept": SIDES,
    "dates.refuse": SIDES,
    "dates.withdraw": OWNS_NEED,
    "exports.plan_json": SUBMITS,
    "exports.plan_csv": SUBMITS,
    "exports.problem_json": COORDINATES,
}
CALLS: Final = {
    "api-docs.openapi_json": EVERYBODY,
    "api-activities.list_activities": TAKES_PART,
    "api-activities.record_activity": SUBMITS,
    "api-activities.list_context": TAKES_PART,
    "api-rounds.list_rounds": SIGNED_IN,
    "api-rounds.read_round": SIGNED_IN,
    "api-rounds.open_round": COORDINATES,
    "api-rounds.set_policy": COORDINATES,
    "api-rounds.close_round": COORDINATES,
    "api-rounds.reopen_round": COORDINATES,
    "api-needs.list_needs": SUBMITS,
    "api-needs.submit_need": SUBMITS,
    "api-needs.read_need": OWNS_NEED,
    "api-needs.revise_need": OWNS_NEED,
    "api-needs.submit_draft": KEEPS_NEED,
    "api-needs.discard_draft": KEEPS_NEED,
    "api-needs.withdraw_need": OWNS_NEED,
    "api-needs.renew_need": OWNS_NEED,
    "api-needs.recognise_need": COORDINATES,
    "api-offers.list_offers": TAKES_PART,
    "api-offers.submit_offer": SUBMITS,
    "api-offers.read_offer": TAKES_PART,
    "api-offers.revise_offer": OWNS_OFFER,
    "api-offers.submit_draft": KEEPS_OFFER,
    "api-offers.discard_draft": KEEPS_OFFER,
    "api-offers.withdraw_offer": OWNS_OFFER,
    "api-offers.renew_offer": OWNS_OFFER,
    "api-offers.withdraw_session": OWNS_OFFER,
    "api-supports.list_supports": TAKES_PART,
    "api-supports.submit_support": SUBMITS,
    "api-supports.read_support": TAKES_PART,
    "api-supports.revise_support": OWNS_SUPPORT,
    "api-supports.submit_draft": NOBODY_ELSE,
    "api-supports.discard_draft": NOBODY_ELSE,
    "api-supports.withdraw_support": OWNS_SUPPORT,
    "api-supports.renew_support": OWNS_SUPPORT,
    "api-circulated-needs.list_circulated_needs": TAKES_PART,
    "api-questions.list_questions": SUBMITS,
    "api-runs.list_runs": COORDINATES,
    "api-runs.request_run": COORDINATES,
    "api-runs.read_run": COORDINATES,
    "api-runs.cancel_run": COORDINATES,
    "api-plans.list_plans": SIGNED_IN,
    "api-plans.read_plan": COORDINATES,
    "api-plans.export_plan": SUBMITS,
    "api-plans.export_problem": COORDINATES,
    "api-plans.put_plan_forward": COORDINATES,
    "api-plans.approve_plan": COORDINATES,
    "api-plans.take_plan_back": COORDINATES,
    "api-plans.discard_plan": COORDINATES,
    "api-matches.list_matches": SIGNED_IN,
    "api-matches.read_match": SIDES,
    "api-matches.consent_to_match": OWNS_NEED,
    "api-matches.confirm_match": SIDES,
    "api-matches.accept_fewer_seats": SIDES,
    "api-matches.decline_match": SIDES,
    "api-matches.revive_match": SIDES,
    "api-matches.release_match": COORDINATES,
    "api-deliveries.schedule_delivery": OWNS_OFFER,
    "api-deliveries.report_delivered": SIDES,
    "api-deliveries.report_not_delivered": SIDES,
    "api-deliveries.assess_delivery": SIDES,
    "api-parts.list_parts": SIGNED_IN,
    "api-parts.read_part": OWNS_PART,
    "api-parts.confirm_part": OWNS_PART,
    "api-parts.decline_part": OWNS_PART,
    "api-dates.list_dates": SIGNED_IN,
    "api-dates.read_dates": SIDES,
    "api-dates.propose_dates": SIDES,
    "api-dates.accept_dates": SIDES,
    "api-dates.refuse_dates": SIDES,
    "api-dates.withdraw_dates": OWNS_NEED,
}
LAW: Final = PAGES | CALLS
# What would be accepted of one who may: so that nothing but the permission decides.
FORM: Final = {
    "version": "1",
    "side": "recipient",
    "reason": "dates",
    "title": "A title",
    "code": "R-NEW",
    "state": "planned",
    "standing": "submitted",
    "opens_on": "2027-01-01",
    "closes_on": "2027-02-01",
    "seats": "5",
    "priority": "routine",
    "starts_on": "2027-06-07",
    "weight": "10",
}
NEW_RECORD: Final = {"participant": "XAC", "round": world.EXERCISE, "title": "A title"}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "api-activities.record_activity": {"state": "planned", "title": "A title"},
    "api-rounds.open_round": {
        "code": "R-NEW",
        "title": "A title",
        "opens_on": "2027-01-01",
        "closes_on": "2027-02-01",
    },
    "api-rounds.set_policy": {"policy": {}},
    "api-needs.recognise_need": {"seats": 5, "priority": "routine"},
    "api-matches.consent_to_match": {},
    "api-matches.confirm_match": {"side": "recipient"},
    "api-matches.accept_fewer_seats": {"side": "recipient", "seats": 1, "reason": "dates"},
    "api-matches.decline_match": {"side": "recipient", "reason": "dates"},
    "api-matches.revive_match": {"side": "recipient"},
    "api-matches.release_match": {"reason": "dates"},
    "api-deliveries.schedule_delivery": {"starts_on": "2027-04-05", "ends_on": "2027-04-06"},
    "api-deliveries.report_delivered": {
        "side": "recipient",
        "held_from": "2027-04-05",
        "held_to": "2027-04-06",
        "seats_used": 1,
        "women_used": 0,
    },
    "api-deliveries.report_not_delivered": {"side": "recipient", "reason": "costs"},
    "api-deliveries.assess_delivery": {"side": "recipient", "answer": "yes"},
    "api-parts.confirm_part": {},
    "api-parts.decline_part": {"reason": "dates"},
    "api-dates.propose_dates": {"side": "recipient", "starts_on": "2027-06-07"},
    "api-dates.accept_dates": {},
    "api-dates.refuse_dates": {},
    "api-dates.withdraw_dates": {},
    "api-needs.submit_need": NEW_RECORD,
    "api-offers.submit_offer": NEW_RECORD,
    "api-supports.submit_support": NEW_RECORD | {"kind": "venue"},
}
READS: Final = {"GET"}
WRITES: Final = {"POST", "PUT", "PATCH", "DELETE"}
SECRETS: Final = ("title", "audience", "contribution", "basis", "reason")
REFUSALS: Final = {403, 404}
NO_SUCH_NEED: Final = "N-9999"


def secrets_of(need: str) -> tuple[str, ...]:
    """Words of a need that stand in no other record, as they are before and after the plan was made."""
    return tuple(f"kestrel-{word}-{need.lower()}." for word in SECRETS)


@dataclass(frozen=True)
class Walk:
    """The service with one need, its match and its other side, and a client for each role."""

    app: Flask
    need: str
    numbers: dict[str, str]
    people: dict[str, Person]
    keys: dict[str, str]
    tokens: dict[str, str]

    def ask(self, role: str, rule: Any, method: str, need: str | None = None) -> TestResponse:
        """The answer to a role that asks for a route about the walk's records, or about another need."""
        area = rule.endpoint.removeprefix("api-").partition(".")[0]
        reference = (need or self.need) if area == "needs" else self.numbers.get(area, "")
        address = rule.rule.replace("<reference>", reference).replace("<path:filename>", "lcm.css")
        for name, value in self.numbers.items():
            address = re.sub(rf"<[^<>]*\b{name}>", value, address)
        assert "<" not in address, f"{rule.rule}: say in the walk what stands here"
        client = self.app.test_client()
        if not rule.rule.startswith("/api"):
            if role != "stranger":
                sign_in(client, self.people[role], self.keys[role])
            return client.open(address, method=method, data=FORM if method in WRITES else None)
        headers = {"If-Match": '"1"', "Idempotency-Key": f"walk-{role}"} if method in WRITES else {}
        if role != "stranger":
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        query = {"round": world.EXERCISE} if "<" not in rule.rule else {}
        body = BODIES.get(rule.endpoint, {}) if method in WRITES else None
        return client.open(address, method=method, headers=headers, query_string=query, json=body)


@pytest.fixture(scope="session")
def walk_template(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world with words in each need that stand nowhere else, and a plan that was made with them."""
    return made_once(tmp_path_factory, "walk.sqlite3", lambda path: build_walk(world_template, path))


def build_walk(world_template: Path, path: Path, *, is_put: bool = True) -> None:
    """Copy the world and make it the walk's; ``is_put``: the recipients agreed to be put to the providers."""
    build_draft(world_template, path)
    app = world.open_world(path)
    with app.app_context():
        world.publish_draft(world.EXERCISE, put=is_put)
        db.session.remove()
        db.engine.dispose()


def build_draft(world_template: Path, path: Path) -> None:
    """The walk's world with its plan made, and nothing published."""
    shutil.copyfile(world_template, path)
    app = world.open_world(path)
    with app.app_context():
        for need in db.session.query(Need).join(Need.round).filter_by(code=world.EXERCISE):
            title, audience, contribution, basis, reason = secrets_of(need.reference)
            need.title, need.audience, need.contribution = title, audience, contribution
            need.basis_reference, need.recognition_reason = basis, reason
        db.session.commit()
        matching.request_run(world.coordinator_of(app), world.EXERCISE, idempotency_key="walk")
    world.let_worker_run(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def walk(walk_template: Path, tmp_path: Path) -> Iterator[Walk]:
    path = tmp_path / "walk.sqlite3"
    shutil.copyfile(walk_template, path)
    app = world.open_world(path)
    with app.app_context():
        yield make_walk(app)
        db.session.remove()
        db.engine.dispose()


def make_walk(at_work: Flask, *, provides_only: bool = False) -> Walk:
    """``provides_only``: the provider asks for nothing itself, so that all it reads is read as a provider."""
    matches = decisions.list_matches(world.coordinator_of(at_work), world.EXERCISE)
    asking = {one.participant.code for one in db.session.query(Need)} if provides_only else set()
    parts = {
        one.session.code: one for one in parties.list_parts(world.coordinator_of(at_work), world.EXERCISE)
    }
    match = next(
        one
        for one in matches
        if one.offer.provider not in asking
        and one.session_code in parts
        and parts[one.session_code].owner != one.need.recipient
    )
    part = parts[match.session_code]
    sides = {match.need.recipient, match.offer.provider, part.owner}
    linked = {
        code
        for one in matches
        for code in (one.need.recipient, one.offer.provider)
        if sides & {one.need.recipient, one.offer.provider}
    }
    others = {one.need.recipient for one in matches} - sides
    other = min(others - linked, default=min(others))
    people = {
        "administrator": world.person_by_email("administrator@example.org"),
        "observer": world.person_by_email("observer@example.org"),
        "coordinator": world.person_by_email(world.COORDINATOR),
        "owner": world.focal_point_of(match.need.recipient),
        "party": world.focal_point_of(part.owner),
        "provider": world.focal_point_of(match.offer.provider),
        "other": world.focal_point_of(other),
    }
    plan = db.session.query(Plan).filter_by(state="published").first()
    run = db.session.query(Run).join(Run.round).filter_by(code=world.EXERCISE).first()
    assert plan is not None
    assert run is not None
    strangers = {participant.code for participant in db.session.query(Participant)} - {
        person.participant.code for person in people.values() if person.participant
    }
    support = next(
        reference
        for reference, label in sorted(plan.labels["supports"].items())
        if label["provider"] in strangers
    )
    numbers = {
        "code": world.EXERCISE,
        "match_id": str(match.id),
        "part_id": str(part.id),
        "plan_id": str(plan.id),
        "run_id": str(run.id),
        "offers": match.offer_reference,
        "supports": support,
        "key": match.session_code.rpartition(".")[2] or "S1",
        "proposal_id": number_of_dates(match) if match.state == "proposed" else "999999",
        **numbers_of_people(people["owner"]),
    }
    keys = {role: key_of_new_sign_in(person) for role, person in people.items()}
    own_tokens = {
        role: tokens.create_api_token(accounts.actor_of(person), person.email, "walk", 9, "act")
        for role, person in people.items()
    }
    # The forms' own tokens have a test; here they would hide who else is refused.
    at_work.config["WTF_CSRF_ENABLED"] = False
    return Walk(at_work, match.need_reference, numbers, people, keys, own_tokens)


def number_of_dates(match: Any) -> str:
    """Other dates that the owner has proposed, and of which only the provider was told so far."""
    found = db.session.get_one(Match, match.id)
    sides = match.need.participant_id, match.offer.participant_id
    proposal = DateProposal(
        round_id=found.round_id,
        session_code=found.session_code,
        match_id=found.id,
        side="recipient",
        author_id=sides[0],
        provider_id=sides[1],
        starts_on=date(2027, 6, 14),
        ends_on=date(2027, 6, 18),
        starts_before=date(2027, 4, 5),
        ends_before=date(2027, 4, 9),
        note="kestrel-note",
        answers=[
            DateAnswer(participant_id=sides[0], answer="accepted"),
            DateAnswer(participant_id=sides[1]),
        ],
    )
    db.session.add(proposal)
    db.session.commit()
    return str(proposal.id)


def numbers_of_people(owner: Person) -> dict[str, str]:
    """Make the owner the lead of its participant, with a colleague who has a sign-in and a token, and an
    invitation that waits.
    """
    owner.is_lead = True
    db.session.commit()
    colleague = world.make_person("focal_point", owner.participant, email="colleague@example.org")
    key_of_new_sign_in(colleague)
    lead = accounts.actor_of(owner)
    tokens.create_api_token(accounts.actor_of(colleague), colleague.email, "walk", 9)
    invitation, code = invitations.invite(
        lead, email="new@example.org", name="New", participant_code=lead.participant_code
    )
    return {
        "person_id": str(colleague.id),
        "sign_in_id": str(db.session.query(SignIn).filter_by(person_id=colleague.id).one().id),
        "token_id": str(db.session.query(ApiToken).filter_by(person_id=colleague.id).one().id),
        "invitation_id": str(invitation.id),
        "invitation_code": code,
        "renewal_code": renewals.begin_renewal(SYSTEM, colleague.email),
    }


def routes(app: Flask, methods: set[str]) -> list[tuple[Any, str]]:
    """Every route of the application with each of its methods that is among these."""
    return [
        (rule, method)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
        for method in sorted((rule.methods or set()) & methods)
    ]


def test_every_route_has_a_law_and_every_law_a_route(walk: Walk) -> None:
    there = {rule.endpoint for rule in walk.app.url_map.iter_rules()}
    assert there == set(LAW), "Say in the table of this file who may ask for a new route."
    asked: dict[str, set[str]] = {}
    for rule, method in routes(walk.app, READS | WRITES):
        asked.setdefault(rule.endpoint, set()).add(method)
    mixed = {endpoint: methods for endpoint, methods in asked.items() if len(methods) > 1}
    assert not mixed, "A law is for one method: give each its own endpoint."


@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_is_answered_and_nobody_else(walk: Walk, role: str) -> None:
    wrong = []
    for rule, method in routes(walk.app, READS):
        answer = walk.ask(role, rule, method)
        is_api = rule.rule.startswith("/api")
        if role in LAW[rule.endpoint]:
            is_right = answer.status_code == 200
        elif role == "stranger":
            is_right = answer.status_code == 401 if is_api else _asks_to_sign_in(answer)
        else:
            is_right = _is_refused(rule, answer)
        if not is_right:
            wrong.append((rule.endpoint, answer.status_code))
    assert not wrong, wrong


def _is_refused(rule: Any, answer: TestResponse) -> bool:
    """A second step without a first leads back to the first, whoever asks."""
    is_second_step = LAW[rule.endpoint] is NOBODY_YET
    return _asks_to_sign_in(answer) if is_second_step else answer.status_code in REFUSALS


def _asks_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/sign-in")


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_write_is_refused_and_changes_nothing(walk: Walk, role: str) -> None:
    if role != "stranger":
        # The first use of a token is noted; later ones within the hour are not.
        rounds = next(
            rule for rule, _ in routes(walk.app, READS) if rule.endpoint == "api-rounds.list_rounds"
        )
        assert walk.ask(role, rounds, "GET").status_code == 200
    before, wrong = fingerprint(), []
    for rule, method in routes(walk.app, WRITES):
        if role in LAW[rule.endpoint]:
            continue
        answer = walk.ask(role, rule, method)
        if role == "stranger":
            is_refused = answer.status_code == 401 or _asks_to_sign_in(answer)
        else:
            is_refused = _is_refused(rule, answer)
        if not is_refused:
            wrong.append((rule.endpoint, method, answer.status_code))
    assert not wrong, wrong
    assert fingerprint() == before


@pytest.mark.parametrize("role", ["stranger", "administrator", "observer", "other", "party", "provider"])
def test_nothing_of_a_need_is_read_by_those_it_is_not_for(walk: Walk, role: str) -> None:
    leaks = []
    for rule, method in routes(walk.app, READS | WRITES):
        if method in WRITES and role in LAW[rule.endpoint]:
            continue
        answer = walk.ask(role, rule, method)
        told = answer.get_data(as_text=True) + str(answer.headers)
        leaks += [(rule.endpoint, word) for word in secrets_of(walk.need) if word in told]
        # The other side of a match knows which need it is about, and nothing more.
        if role != "provider" and "<reference>" not in rule.rule and re.search(rf"\b{walk.need}\b", told):
            leaks.append((rule.endpoint, walk.need))
    assert not leaks, leaks


@pytest.mark.parametrize("role", ["stranger", "administrator", "observer", "other", "party", "provider"])
def test_a_need_that_is_not_yours_looks_like_one_that_is_not_there(walk: Walk, role: str) -> None:
    different = []
    for rule, method in routes(walk.app, READS | WRITES):
        if "needs" not in rule.endpoint or "<reference>" not in rule.rule:
            continue
        real, none = (walk.ask(role, rule, method, need) for need in (walk.need, NO_SUCH_NEED))
        if _plain(real, walk.need) != _plain(none, NO_SUCH_NEED):
            different.append((rule.endpoint, real.status_code, none.status_code))
    assert not different, different


def _plain(answer: TestResponse, need: str) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what is about the asking: the reference that was asked for, the token of a form."""
    text = answer.get_data(as_text=True).replace(need, "N")
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", text)
    kept = [
        (name, value.replace(need, "N"))
        for name, value in answer.headers
        if name not in {"Set-Cookie", "Content-Length", "Date", "Last-Modified"}
    ]
    return answer.status_code, text, kept


def test_the_owner_and_coordinators_do_read_what_the_walk_looks_for(walk: Walk) -> None:
    """Else the walk would find no leak because there is nothing to leak."""
    rules = {rule.endpoint: rule for rule in walk.app.url_map.iter_rules()}
    for role in ("owner", "coordinator"):
        page = walk.ask(role, rules["needs.show"], "GET").get_data(as_text=True)
        call = walk.ask(role, rules["api-needs.read_need"], "GET").get_data(as_text=True)
        for word in secrets_of(walk.need):
            assert word in page + call, (role, word)
