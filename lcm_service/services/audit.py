"""Sealing the chain of audit events, and finding what was changed, cut or written anew.

A seal is a signature (Ed25519, RFC 8032) over the chain up to one event, with a key that the database does
not hold. Each is kept in the database and added to a file outside it: who can write the database can cut its
end and write its hashes anew, but cannot sign, and cannot reach the file.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select

from lcm_service.domain.errors import NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_verify_audit
from lcm_service.persistence.audit_chain import HEAD_ID, NO_HASH, digest
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditEvent, AuditHead, AuditSeal

SEAL_FORMAT: Final = "lcm-audit-seal/1"
# So many faults are told; what follows a rewritten event is wrong throughout.
MOST_FAULTS: Final = 20
READ_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class SealedHead:
    """A seal as it is kept: the place and the hash of the event that it covers, when, by which key."""

    number: int
    sha256: str
    at: datetime
    public_key: str
    signature: str

    def message(self) -> bytes:
        """What is signed."""
        at = self.at.isoformat(timespec="microseconds")
        return f"{SEAL_FORMAT}\n{self.number}\n{self.sha256}\n{at}".encode()

    def line(self) -> str:
        """The seal as one line of the file outside the database."""
        return json.dumps(
            {
                "format": SEAL_FORMAT,
                "number": self.number,
                "sha256": self.sha256,
                "at": self.at.isoformat(timespec="microseconds"),
                "public_key": self.public_key,
                "signature": self.signature,
            }
        )


@dataclass(frozen=True, slots=True)
class AuditFault:
    """What is wrong, where: a code and the place in the chain.

    ``changed``: an event is not what its hash says; ``unlinked``: it does not hold the hash of the one
    before; ``missing``: a place is empty; ``cut``: a seal covers more events than there are, or the head
    names another last event; ``rewritten``: a seal covers another event at this place; ``false_seal``: no
    known key made this signature.
    """

    code: str
    number: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was looked at and what is wrong with it; ``sealed`` is the last event that a true seal covers."""

    events: int
    seals: int
    sealed: int
    faults: list[AuditFault] = field(default_factory=list)


def seal_chain(actor: Actor, private_key: bytes, seals_file: Path) -> SealedHead | None:
    """Seal what has been added since the last seal, or give ``None`` where nothing has.

    The seal is written to the file before the database keeps it, so that the file never knows less. Raises
    NotAllowed for all but the system, and OSError where the file cannot be written.
    """
    if not actor.is_system:
        raise NotAllowed("The chain of events is sealed by the service itself.")
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    with transaction() as session:
        head = session.execute(
            select(AuditHead.number, AuditHead.sha256).where(AuditHead.id == HEAD_ID).with_for_update()
        ).one_or_none()
        last = session.scalar(select(func.max(AuditSeal.number))) or 0
        if head is None or head.number <= last:
            return None
        unsigned = SealedHead(head.number, head.sha256, utc_now(), public_key_of(private_key), "")
        signature = key.sign(unsigned.message()).hex()
        seal = SealedHead(unsigned.number, unsigned.sha256, unsigned.at, unsigned.public_key, signature)
        with seals_file.open("a", encoding="ascii") as file:
            file.write(seal.line() + "\n")
        session.add(
            AuditSeal(
                number=seal.number,
                sha256=seal.sha256,
                at=seal.at,
                public_key=seal.public_key,
                signature=seal.signature,
            )
        )
    return seal


def public_key_of(private_key: bytes) -> str:
    """The key, in hex, with which anyone can check the seals and nobody can make one."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw().hex()


def read_seals(seals_file: Path) -> list[SealedHead]:
    """The seals of a file. Raises NotValid, naming the line that is none, and OSError."""
    seals = []
    for number, line in enumerate(seals_file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            if row.pop("format") != SEAL_FORMAT:
                raise ValueError("another format")
            seals.append(SealedHead(**{**row, "at": datetime.fromisoformat(row["at"])}))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise NotValid(f"Line {number} of {seals_file.name} is no seal of the audit events.") from error
    return seals


def verify_audit(
    actor: Actor, public_keys: Iterable[str], outside_seals: Iterable[SealedHead] = ()
) -> AuditReport:
    """Go through the whole chain and all seals. ``outside_seals`` are those of the files, which alone can
    show that the end of the chain was cut off together with its seals.

    Raises NotAllowed for all but administrators and the system.
    """
    if not may_verify_audit(actor):
        raise NotAllowed("The chain of events is verified by administrators.")
    rows = db.session.scalars(select(AuditSeal).order_by(AuditSeal.number))
    kept = [SealedHead(row.number, row.sha256, row.at, row.public_key, row.signature) for row in rows]
    known = set(public_keys)
    wanted: dict[int, set[str]] = {}
    faults = []
    for seal in (*kept, *outside_seals):
        if _is_true(seal, known):
            wanted.setdefault(seal.number, set()).add(seal.sha256)
        else:
            faults.append(AuditFault("false_seal", seal.number))
    last, of_chain = _walk(wanted)
    faults += of_chain
    faults += [AuditFault("cut", number) for number in sorted(wanted) if number > last]
    return AuditReport(last, len(kept), max(wanted, default=0), list(dict.fromkeys(faults))[:MOST_FAULTS])


def _walk(wanted: dict[int, set[str]]) -> tuple[int, list[AuditFault]]:
    """Follow the chain from its first event; gives the last place and what is wrong on the way."""
    faults: list[AuditFault] = []
    number, previous = 0, NO_HASH
    head: tuple[int, str] | None = None
    for row in _events():
        if row.id != number + 1:
            faults.append(AuditFault("missing", number + 1))
        if row.previous_sha256 != previous:
            faults.append(AuditFault("unlinked", row.id))
        if digest(row) != row.sha256:
            faults.append(AuditFault("changed", row.id))
        if wanted.get(row.id, {row.sha256}) != {row.sha256}:
            faults.append(AuditFault("rewritten", row.id))
        number, previous, head = row.id, row.sha256, (row.head_number, row.head_sha256)
    if number == 0:
        row = db.session.execute(select(AuditHead.number, AuditHead.sha256)).one_or_none()
        head = (0, NO_HASH) if row is None else (row.number, row.sha256)
    if (number, previous) != head:
        faults.append(AuditFault("cut", number))
    return number, faults


def _events() -> Iterator[Any]:
    """Every event with the head as it was at that moment, in one statement: what is added meanwhile is in
    neither.
    """
    head = select(AuditHead).where(AuditHead.id == HEAD_ID)
    columns = (
        *(getattr(AuditEvent, column.key) for column in AuditEvent.__table__.columns),
        head.with_only_columns(AuditHead.number).scalar_subquery().label("head_number"),
        head.with_only_columns(AuditHead.sha256).scalar_subquery().label("head_sha256"),
    )
    query = select(*columns).order_by(AuditEvent.id).execution_options(yield_per=READ_AT_ONCE)
    yield from db.session.execute(query)


def _is_true(seal: SealedHead, known: set[str]) -> bool:
    """Whether one of the known keys made the signature."""
    if seal.public_key not in known:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal.public_key))
        key.verify(bytes.fromhex(seal.signature), seal.message())
    except (InvalidSignature, ValueError):
        return False
    return True
