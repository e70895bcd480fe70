"""What `make run` shows: reference lists, both rounds, a first plan of each, made-up people to sign in as.

It can be prepared again at any time: what is there stays as people have left it; only the passwords are new.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from lcm_service.domain.permissions import Actor
from lcm_service.domain.sign_in_terms import LETTERS_OF_CODES
from lcm_service.domain.vocabulary import PLANNING_PURPOSES
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Person
from lcm_service.services import accounts, exercise, matching, reference_lists, sourced_records
from lcm_service.services.round_loading import LoadedRound

ROUND_CODES: Final = (sourced_records.ROUND_CODE, exercise.ROUND_CODE)
# About 79 bits.
PASSWORD_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class DemonstrationAccount:
    """A made-up person. A focal point answers for one participant, which takes part in one of the rounds."""

    email: str
    name: str
    role: str
    participant_code: str | None = None
    round_code: str | None = None
    is_lead: bool = False


# In each round the recipient and the provider share a match of the first plan: both sides can be seen.
ACCOUNTS: Final = (
    DemonstrationAccount("coordinator@demonstration.example", "Coordinator (demonstration)", "coordinator"),
    DemonstrationAccount(
        "approver@demonstration.example", "Second coordinator (demonstration)", "coordinator"
    ),
    DemonstrationAccount("observer@demonstration.example", "Observer (demonstration)", "observer"),
    DemonstrationAccount(
        "rwanda@demonstration.example",
        "Focal point of Rwanda (demonstration)",
        "focal_point",
        "RWA",
        sourced_records.ROUND_CODE,
    ),
    DemonstrationAccount(
        "china@demonstration.example",
        "Focal point of China (demonstration)",
        "focal_point",
        "CHN",
        sourced_records.ROUND_CODE,
    ),
    DemonstrationAccount(
        "alpha@demonstration.example",
        "Focal point of Exercise State Alpha (demonstration)",
        "focal_point",
        "XAA",
        exercise.ROUND_CODE,
        is_lead=True,
    ),
    DemonstrationAccount(
        "xi@demonstration.example",
        "Focal point of Exercise State Xi (demonstration)",
        "focal_point",
        "XAN",
        exercise.ROUND_CODE,
    ),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account with the password just made for it, which is shown once and kept nowhere in the clear."""

    account: DemonstrationAccount
    password: str


def load_rounds(actor: Actor) -> tuple[LoadedRound, LoadedRound]:
    """Bring the reference lists up to date and load the rounds that are not there yet. Raises NotAllowed."""
    reference_lists.load_reference_lists(actor)
    return sourced_records.load_sourced_round(actor), exercise.load_exercise(actor)


def renew_accounts(actor: Actor) -> list[SignIn]:
    """Give every demonstration account a new password, and make the accounts that are not there yet.

    Every sign-in with an old password ends. Raises NotAllowed unless the actor manages people.
    """
    renewed = []
    for account in ACCOUNTS:
        password = "".join(secrets.choice(LETTERS_OF_CODES) for _ in range(PASSWORD_LENGTH))
        if db.session.scalar(select(Person.id).where(Person.email == account.email)) is None:
            accounts.create_person(
                actor,
                email=account.email,
                name=account.name,
                role=account.role,
                participant_code=account.participant_code,
                password=password,
                is_lead=account.is_lead,
                is_demonstration=True,
            )
        else:
            accounts.set_password(actor, account.email, password)
        renewed.append(SignIn(account, password))
    return renewed


def request_first_runs(actor: Actor) -> list[int]:
    """Ask for a first run of each round that was never solved; gives the runs to wait for.

    Raises NotAllowed unless the actor coordinates.
    """
    waiting = []
    for code in ROUND_CODES:
        runs = [run for run in matching.list_runs(actor, code) if run.purpose in PLANNING_PURPOSES]
        if any(run.state == "done" for run in runs):
            continue
        underway = [run.id for run in runs if run.state in {"queued", "running"}]
        if not underway:
            key = f"demonstration-{code}-{len(runs) + 1}"
            underway = [matching.request_run(actor, code, idempotency_key=key).id]
        waiting += underway
    return waiting


def unfinished_runs(actor: Actor, run_ids: list[int]) -> list[int]:
    """Those of the runs that still wait or are being solved, as others have left them by now."""
    with transaction() as session:
        session.expire_all()
        return [one for one in run_ids if matching.find_run(actor, one).state in {"queued", "running"}]


def failed_runs(actor: Actor, run_ids: list[int]) -> list[int]:
    """Those of the runs that ended without an answer."""
    return [one for one in run_ids if matching.find_run(actor, one).state != "done"]
