"""Sealing the chain of audit events, and finding what was changed, cut or written anew.

A seal is a signature (Ed25519, RFC 8032) over the chain up to one event, with a key that the database does
not hold. Each is kept in the database and added to a file outside it: who can write the database can cut its
end and write its hashes anew, but cannot sign, and cannot reach the file.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_verify_audit
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.audit_chain import (
    HEAD_ID,
    NO_HASH,
    digest_as_stored,
    read_as_stored,
    read_head,
)
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditHead, AuditSeal

SEAL_FORMAT: Final = "lcm-audit-seal/1"
# So many faults are told; what follows a rewritten event is wrong throughout.
MOST_FAULTS: Final = 20


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
        raise NotAllowed(sentence("The chain of events is sealed by the service itself."))
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
        _add_line(seals_file, seal.line())
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


def read_seals(seals_file: Path) -> tuple[list[SealedHead], list[int]]:
    """The seals of a file, and the numbers of the lines that are none: a write that was cut short leaves one.

    Raises OSError.
    """
    seals, faulty = [], []
    lines = seals_file.read_bytes().decode("utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        seal = _read_seal(line)
        if seal is None:
            faulty.append(number)
        else:
            seals.append(seal)
    return seals, faulty


def _read_seal(line: str) -> SealedHead | None:
    try:
        row = json.loads(line)
        at = datetime.fromisoformat(row["at"])
        words = [row[name] for name in ("sha256", "public_key", "signature")]
        number, form = row["number"], row["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_seal = form == SEAL_FORMAT and type(number) is int and all(isinstance(word, str) for word in words)
    sha256, public_key, signature = words
    return SealedHead(number, sha256, at, public_key, signature) if is_seal and at.tzinfo else None


def _add_line(seals_file: Path, line: str) -> None:
    """Add a line and have it on the disk; one that was cut short before it is ended first."""
    seals_file.parent.mkdir(parents=True, exist_ok=True)
    with seals_file.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(f"{line}\n".encode("ascii"))
        file.flush()
        os.fsync(file.fileno())


def verify_audit(
    actor: Actor, public_keys: Iterable[str], outside_seals: Iterable[SealedHead] = ()
) -> AuditReport:
    """Go through the whole chain and all seals. ``outside_seals`` are those of the files, which alone can
    show that the end of the chain was cut off together with its seals.

    Raises NotAllowed for all but administrators and the system.
    """
    if not may_verify_audit(actor):
        raise NotAllowed(sentence("The chain of events is verified by administrators."))
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
    for content, sha256, head_then in read_as_stored(db.session()):
        place, before = content[0], content[-1]
        if place != number + 1:
            faults.append(AuditFault("missing", number + 1))
        if before != previous:
            faults.append(AuditFault("unlinked", place))
        if digest_as_stored(content) != sha256:
            faults.append(AuditFault("changed", place))
        if wanted.get(place, {sha256}) != {sha256}:
            faults.append(AuditFault("rewritten", place))
        number, previous, head = place, sha256, head_then
    if number == 0:
        now = read_head(db.session())
        if now is not None and now[2] > 0:
            return _walk(wanted)  # The first event has come in between.
        head = None if now is None else (now[0], now[1])
    if (number, previous) != head:
        faults.append(AuditFault("cut", number))
    return number, faults


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
