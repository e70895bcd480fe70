"""The matching problem as frozen data: what `lcm-problem/1` says, with its defaults written out.

Reading and refusing files, the canonical form and its hash are in `files/`. These classes
hold the answer of that reading and nothing else, so that the rules (`rules/`), the model and the
independent checker (`verifying/`) start from the same facts and share no reasoning.

Three states are kept apart everywhere: a field is *stated*, *unknown* (``None``: nobody has said) or *any*
(it does not matter; an answer). For ``level`` and ``mode``, *any* is the text ``"any"``; for a list it is the
list that holds only ``"any"``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

PROBLEM_FORMAT: Final = "lcm-problem/1"
ANY: Final = "any"

LEVELS: Final = ("basic", "advanced", "specialist", "trainer")
PERSONNEL: Final = ("troops", "fpu", "individual_police", "expert_on_mission", "staff_officer", "civilian")
MODES: Final = ("mobile_team", "in_country", "provider_centre", "regional_centre", "online")
PRIORITIES: Final = ("critical", "high", "routine")
OBJECTIVES: Final = (
    "firm.critical",
    "firm.reached",
    "firm.coverage",
    "critical",
    "reached",
    "coverage",
    "stability",
    "quality",
)
FIT_PARTS: Final = ("area", "language", "mode", "proximity", "record")
PIN_RULES: Final = ("at_least", "exactly")

MAX_ROWS: Final = 10**6
MAX_DEPTH: Final = 20
MAX_WHOLE_NUMBER: Final = 10**12


@dataclass(frozen=True, slots=True)
class Place:
    """A country or area, with its UN M49 regions from wide to narrow."""

    id: str
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives training: a participant, where it is (may be unknown) and the groups it belongs to."""

    id: str
    place: str | None = None
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Provider:
    """Who offers training or support; ``teams`` and ``seats`` limit all its sessions (``None``: no limit)."""

    id: str
    teams: int | None = None
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Substitution:
    """A session area that may serve a need area, less well: ``fit`` is 1..99."""

    need_area: str
    session_area: str
    fit: int


@dataclass(frozen=True, slots=True)
class Need:
    """One training need. ``languages`` and ``modes`` are in order of preference.

    ``place`` is where the trainees are; ``None`` means the recipient's own place (see `Problem.place_of`).
    ``seats`` and ``women`` are whole seats; ``max_groups`` ``None`` is no limit.
    """

    id: str
    recipient: str
    areas: frozenset[str] | None = None
    place: str | None = None
    level: str | None = None
    personnel: frozenset[str] | None = None
    seats: int | None = None
    women: int | None = None
    min_group: int = 1
    max_groups: int | None = None
    whole: bool = False
    earliest: date | None = None
    latest: date | None = None
    languages: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    priority: str = "routine"


@dataclass(frozen=True, slots=True)
class Offer:
    """What ties candidate sessions together: who provides them and how many of them may run."""

    id: str
    provider: str
    partners: frozenset[str] = frozenset()
    max_sessions: int | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a session needs to run: ``quantity + per_seat x seats filled`` units of a kind of support."""

    kind: str
    quantity: int = 0
    per_seat: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """One candidate session of an offer. ``requires`` ``None`` is unknown; an empty tuple needs nothing."""

    id: str
    offer: str
    areas: frozenset[str] | None = None
    level: str | None = None
    personnel: frozenset[str] | None = None
    women_only: bool = False
    seats: int | None = None
    min_seats: int = 1
    max_recipients: int | None = None
    max_per_recipient: int | None = None
    start: date | None = None
    end: date | None = None
    not_before: date | None = None
    not_after: date | None = None
    languages: frozenset[str] | None = None
    mode: str | None = None
    place: str | None = None
    only: frozenset[str] | None = None
    except_: frozenset[str] = frozenset()
    team: bool = False
    requires: tuple[Requirement, ...] | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """Part of a course from another provider: funds, a venue, equipment, interpretation or another kind.

    ``quantity`` ``None`` gives nothing until it is stated; every other ``None`` is no limit, except
    ``languages``, without which an interpretation support links nothing. ``not_for`` are sessions for which
    its provider declined to give it.
    """

    id: str
    provider: str
    kind: str
    quantity: int | None = None
    per_session: int | None = None
    from_: date | None = None
    to: date | None = None
    only: frozenset[str] | None = None
    areas: frozenset[str] | None = None
    places: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    not_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Score:
    """A coordinator's own fit (0..100) for a pair; it overrides the formula."""

    need: str
    session: str
    fit: int


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """Seats of a pair that are agreed already; ``rule`` is ``at_least`` or ``exactly``."""

    need: str
    session: str
    seats: int
    rule: str = "at_least"


@dataclass(frozen=True, slots=True, order=True)
class Ban:
    """A pair that was declined."""

    need: str
    session: str


@dataclass(frozen=True, slots=True, order=True)
class PreviousSeats:
    """Seats of a pair in the plan last published."""

    need: str
    session: str
    seats: int


@dataclass(frozen=True, slots=True)
class PlanningSeats:
    """Seats that are planned where nobody has said how many."""

    need: int = 5
    session: int = 20


@dataclass(frozen=True)
class Policy:
    """What a coordinator may choose about a round; every value is written out in the canonical form."""

    objectives: tuple[str, ...] = OBJECTIVES
    weights: Mapping[str, int] = field(default_factory=lambda: {"critical": 4, "high": 2, "routine": 1})
    quarters: tuple[int, int, int, int] = (4, 3, 2, 1)
    fit: Mapping[str, int] = field(
        default_factory=lambda: {"area": 45, "language": 28, "mode": 17, "proximity": 10, "record": 0}
    )
    planning_seats: PlanningSeats = PlanningSeats()
    reached_seats: int = 20
    unknowns: str = "allow"


@dataclass(frozen=True)
class Problem:
    """A whole round, every list in canonical order (records by id, pairs by need and session)."""

    places: tuple[Place, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    providers: tuple[Provider, ...] = ()
    substitutions: tuple[Substitution, ...] = ()
    needs: tuple[Need, ...] = ()
    offers: tuple[Offer, ...] = ()
    sessions: tuple[Session, ...] = ()
    supports: tuple[Support, ...] = ()
    scores: tuple[Score, ...] = ()
    pinned: tuple[Pin, ...] = ()
    forbidden: tuple[Ban, ...] = ()
    previous: tuple[PreviousSeats, ...] = ()
    policy: Policy = field(default_factory=Policy)

    @cached_property
    def place_by_id(self) -> dict[str, Place]:
        return {place.id: place for place in self.places}

    @cached_property
    def recipient_by_id(self) -> dict[str, Recipient]:
        return {recipient.id: recipient for recipient in self.recipients}

    @cached_property
    def provider_by_id(self) -> dict[str, Provider]:
        return {provider.id: provider for provider in self.providers}

    @cached_property
    def need_by_id(self) -> dict[str, Need]:
        return {need.id: need for need in self.needs}

    @cached_property
    def offer_by_id(self) -> dict[str, Offer]:
        return {offer.id: offer for offer in self.offers}

    @cached_property
    def session_by_id(self) -> dict[str, Session]:
        return {session.id: session for session in self.sessions}

    @cached_property
    def support_by_id(self) -> dict[str, Support]:
        return {support.id: support for support in self.supports}
