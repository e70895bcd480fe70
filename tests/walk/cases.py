"""The records that the walk asks about, and what everybody is to each of them.

The rules stand here a second time, in their plainest words, beside `lcm_service/domain/permissions.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import (
    ApiToken,
    DateProposal,
    Invitation,
    Match,
    Need,
    Offer,
    Part,
    Participant,
    Person,
    Plan,
    Run,
    Sheet,
    SignIn,
    Support,
)
from tests.walk.names import PARTICIPANT_OF, SCENES, TABLES, TWINS
from tests.walk.words import COORDINATORS, OUTSIDE

# What stands in an address -> the kind of record that is named by it. A `reference` is told by its area.
KIND_OF_ARGUMENT: Final = {
    "match_id": "match",
    "part_id": "part",
    "proposal_id": "dates",
    "plan_id": "plan",
    "run_id": "run",
    "person_id": "person",
    "invitation_id": "invitation",
    "sign_in_id": "sign_in",
    "token_id": "token",
    "sheet_key": "sheet",
}
KIND_OF_AREA: Final = {"needs": "need", "offers": "offer", "supports": "support"}
# Numbers and references that no record has.
NOTHING: Final = {"need": "N-9999", "offer": "O-9999", "support": "R-9999"}
NO_NUMBER: Final = "999999"
# Of many records that are alike the walk looks at these.
MATCHED_NEEDS: Final = ("asked", "agreed", "met")


@dataclass(frozen=True)
class Case:
    """A record by its address: who has it, what else is known of who may see it, and its version."""

    kind: str
    state: str
    argument: str
    value: str
    version: int
    # relation -> the participant that stands in it, or the person; "asked X" for each that is asked.
    holders: Mapping[str, str] = field(default_factory=dict)
    # Whether those beside its owner know of it: a match is put, a part asked, a plan published, a draft sent.
    is_known: bool = True
    is_hidden_from_observers: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind} {self.state}"


def none_like(case: Case) -> Case:
    """What is not there, asked for in the same way."""
    is_draft = "-draft-" in case.value
    value = f"{case.value[:8]}{'0' * 12}" if is_draft else NOTHING.get(case.kind, NO_NUMBER)
    return Case(case.kind, "none", case.argument, value, case.version)


def kind_of(rule: Any) -> str | None:
    """The kind of record that a route is about; None for a route about no single one."""
    for argument in rule.arguments:
        if argument == "reference":
            return KIND_OF_AREA[rule.endpoint.removeprefix("api-").partition(".")[0]]
        if argument in KIND_OF_ARGUMENT:
            return KIND_OF_ARGUMENT[argument]
    return None


def relations(role: str, case: Case | None) -> frozenset[str]:
    """What a reader is, to this record or to none."""
    if role in OUTSIDE:
        return frozenset({"stranger"})
    if role in COORDINATORS:
        return frozenset({"coordinator"})
    if role not in PARTICIPANT_OF:
        return _of_itself(role, case) | {role}
    own = PARTICIPANT_OF[role]
    holders = case.holders if case else {}
    is_lead = role != "colleague" and holders.get("people", own) == own
    held = {relation for relation, holder in holders.items() if holder == own and relation != "people"}
    found = {relation.partition(" ")[0] for relation in held}
    return _of_itself(role, case) | found | {"participant"} | ({"lead"} if is_lead else set())


def _of_itself(role: str, case: Case | None) -> frozenset[str]:
    return frozenset({"self"} if case and case.holders.get("self") == role else ())


def may_know(role: str, case: Case) -> bool:
    """Whether the reader may know that there is such a record."""
    is_what = relations(role, case)
    if case.kind == "need" or (not case.is_known and case.kind in TABLES):
        return bool(is_what & ({"owner", "coordinator"} if case.is_known else {"owner"}))
    if case.kind in TABLES:
        sees = {"participant", "coordinator"} | (set() if case.is_hidden_from_observers else {"observer"})
        return bool(is_what & sees)
    if case.kind == "match":
        return bool(is_what & {"recipient", "coordinator"}) or ("provider" in is_what and case.is_known)
    if case.kind == "part":
        return "coordinator" in is_what or ("owner" in is_what and case.is_known)
    if case.kind == "dates":
        return bool(is_what & {"asked", "coordinator"})
    if case.kind == "plan":
        return "coordinator" in is_what or ("participant" in is_what and case.is_known)
    if case.kind == "run":
        return "coordinator" in is_what
    if case.kind in ("person", "invitation"):
        return bool(is_what & {"lead", "administrator"})
    return "self" in is_what


def all_cases() -> dict[str, list[Case]]:
    """The records of the world that the walk asks about, by kind; needs an open context."""
    scenes = {need: state for state, need in SCENES.items()}
    found = [*_records(), *_matches(scenes), *_of_rounds(), *_dates(scenes), *_of_people()]
    kinds = dict.fromkeys(case.kind for case in found)
    return {kind: [case for case in found if case.kind == kind] for kind in kinds}


def _records() -> list[Case]:
    cases = []
    scenes = {SCENES[state]: f"of match {state}" for state in MATCHED_NEEDS}
    for kind, table in TABLES.items():
        for record in db.session.scalars(select(table).order_by(table.id)):
            number = record.reference.replace(record.reference[0], "N", 1)
            is_left = "-02" in record.reference or record.state == "draft" or kind == "support"
            if is_left or number in scenes or record.reference in TWINS.get(kind, ()):
                cases.append(_record(kind, record, None if kind == "support" else scenes.get(number)))
    return cases


def _record(kind: str, record: Need | Offer | Support, scene: str | None) -> Case:
    is_hidden = kind != "need" and record.visibility_consent is False
    state = scene or ("hidden" if is_hidden else record.state)
    return Case(
        kind,
        state,
        "reference",
        record.reference,
        record.version,
        {"owner": record.participant.code},
        is_known=record.state != "draft",
        is_hidden_from_observers=is_hidden,
    )


def _matches(scenes: Mapping[str, str]) -> list[Case]:
    query = (
        select(Match, Need.participant_id, Offer.participant_id)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .order_by(Match.id)
    )
    codes = {one.id: one.code for one in db.session.scalars(select(Participant))}
    return [
        Case(
            "match",
            scenes.get(match.need_reference, f"of {match.need_reference}"),
            "match_id",
            str(match.id),
            match.version,
            {"recipient": codes[recipient], "provider": codes[provider]},
            is_known=match.put_to_provider_at is not None,
        )
        for match, recipient, provider in db.session.execute(query)
    ]


def _of_rounds() -> list[Case]:
    parts = [
        Case(
            "part",
            f"{part.state} {part.support_reference}",
            "part_id",
            str(part.id),
            part.version,
            {"owner": part.support.participant.code},
            is_known=part.put_at is not None,
        )
        for part in db.session.scalars(select(Part).order_by(Part.id))
    ]
    plans = [
        Case("plan", plan.state, "plan_id", str(plan.id), plan.version, is_known=plan.state == "published")
        for plan in db.session.scalars(select(Plan).order_by(Plan.id))
    ]
    runs = [
        Case("run", f"{run.state} {run.purpose}", "run_id", str(run.id), 0)
        for run in db.session.scalars(select(Run).order_by(Run.id.desc()))
    ]
    return [*parts, *plans, *runs[:3]]


def _dates(scenes: Mapping[str, str]) -> list[Case]:
    """Proposals of other days. Each reader has a version of its own; this is that of who has not answered."""
    cases = []
    for proposal in db.session.scalars(select(DateProposal).order_by(DateProposal.id)):
        asked = {f"asked {one.participant.code}": one.participant.code for one in proposal.answers}
        holders = {"author": proposal.author.code, **asked}
        state = scenes[proposal.match.need_reference]
        cases.append(Case("dates", state, "proposal_id", str(proposal.id), 1, holders))
    return cases


def _of_people() -> list[Case]:
    people = {one.email.partition("@")[0]: one for one in db.session.scalars(select(Person))}
    cases = [
        Case(
            "person", role, "person_id", str(people[role].id), 0, {"people": PARTICIPANT_OF.get(role, "none")}
        )
        for role in ("colleague", "provider", "coordinator")
    ]
    invitation = db.session.scalars(select(Invitation)).one()
    owner = {"people": PARTICIPANT_OF["recipient"]}
    cases.append(Case("invitation", "open", "invitation_id", str(invitation.id), 0, owner))
    tables: tuple[tuple[str, str, Any], ...] = (
        ("sign_in", "sign_in_id", SignIn),
        ("token", "token_id", ApiToken),
    )
    for kind, argument, table in tables:
        row = db.session.scalars(select(table).where(table.person_id == people["recipient"].id)).first()
        cases.append(Case(kind, "open", argument, str(row.id), 0, {"self": "recipient"}))
    sheet = db.session.scalars(select(Sheet)).one()
    cases.append(Case("sheet", "open", "sheet_key", sheet.key, 0, {"self": "recipient"}))
    return cases
