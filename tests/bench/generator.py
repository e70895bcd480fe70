"""Made-up rounds of any size from a seed, to the scale of real ones.

Sessions of 20 to 40 seats over one to six weeks; groups of 4 to 30; needs of a few dozen recipients that
compete for them. What makes real rounds hard is here on purpose: courses of several topics, second languages
and overlapping windows join almost all needs into one tangle; offers hold more candidate sessions than may
run; teams, venues, funds by the seat and interpreters are short; some fields nobody has stated; part of the
round is agreed already. Everybody in it is fictional.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar

from optimizer.problem import (
    Ban,
    Need,
    Offer,
    Pin,
    Place,
    Policy,
    PreviousSeats,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Session,
    Substitution,
    Support,
)
from tests.bench.hand_plan import HandPlan
from tests.bench.shapes import SHAPES, Shape

T = TypeVar("T")

FIRST_DAY = date(2027, 1, 4)
AREAS = (
    *("C-IED", "EOD", "MED", "POC", "FPU", "UAS", "ENG", "INTEL", "COMMS", "LOG", "K9", "CIMIC", "AVIATION"),
    *(f"TOPIC-{number:02}" for number in range(14, 41)),
)
SUBSTITUTES = (("C-IED", "EOD", 60), ("EOD", "C-IED", 50), ("INTEL", "UAS", 40), ("LOG", "ENG", 30))
# A larger round is about more topics, so that each need keeps one or two dozen sessions to choose from.
TOPICS_BY_NEEDS = ((100, 4), (1_000, 14), (3_000, 24))
MOST_NEEDS_OF_A_FIELD = 5_000
LEVELS = (("basic", 6), ("advanced", 3), ("specialist", 2), ("trainer", 1))
PERSONNEL = (("troops", 6), ("fpu", 3), ("staff_officer", 2), ("individual_police", 2))
# Sub-regions with the continent's code, the usual language and a second one.
REGIONS = (
    ("002", "011", "fr", "en"),
    ("002", "014", "en", "fr"),
    ("002", "017", "fr", "pt"),
    ("002", "015", "ar", "fr"),
    ("142", "034", "en", "ar"),
    ("142", "035", "en", "fr"),
    ("019", "005", "es", "en"),
)
LOCAL_KINDS = ("venue", "interpretation")
MODES = (("regional_centre", 5), ("provider_centre", 3), ("mobile_team", 3), ("in_country", 1), ("online", 1))


def make_problem(
    needs: int,
    sessions: int,
    seed: int,
    *,
    shape: str = "mixed",
    unknown_share: float = 0.01,
    agreed_share: float | None = None,
    policy: Policy | None = None,
) -> Problem:
    """Return the round of this size, seed and shape (a name of `SHAPES`).

    `unknown_share` is the chance of each field that it is not stated; `agreed_share` the part of a plan last
    published whose sessions are pinned (``None``: as the shape says; 0: no pins, and no previous plan).
    """
    rng = Random(f"{needs} {sessions} {seed}")
    form = SHAPES[shape]
    problem = _Draw(rng, needs, sessions, unknown_share, form).problem(policy or Policy())
    share = form.agreed_share if agreed_share is None else agreed_share
    return _with_a_plan_last_published(problem, rng, form, share) if share else problem


def topics_of(needs: int) -> tuple[str, ...]:
    """Return the topics of a round of so many needs.

    Past 5,000 needs each further 5,000 bring a field of 40 topics of their own, asked for as those of the
    first. With 40 for all, a round of 50,000 would have more than 500 sessions to choose from for each need.
    """
    few = next((count for most, count in TOPICS_BY_NEEDS if needs <= most), len(AREAS))
    if needs <= MOST_NEEDS_OF_A_FIELD:
        return AREAS[:few]
    fields = -(-needs // MOST_NEEDS_OF_A_FIELD)
    return (*AREAS, *(f"TOPIC-{number:02}" for number in range(len(AREAS) + 1, fields * len(AREAS) + 1)))


class _Draw:
    def __init__(self, rng: Random, needs: int, sessions: int, unknown_share: float, shape: Shape) -> None:
        self.rng, self.unknown_share, self.shape = rng, unknown_share, shape
        self.need_count, self.session_count = needs, sessions
        self.region_of: dict[str, tuple[str, str, str, str]] = {}
        self.topics = topics_of(needs)
        self.topic_weights = list(accumulate(1 / (rank % len(AREAS) + 4) for rank in range(len(self.topics))))
        self.regions = REGIONS[: max(2, min(len(REGIONS), needs // 20))]
        self.levels = LEVELS[: 1 if needs <= 100 else 4]

    def problem(self, policy: Policy) -> Problem:
        recipients = [self.recipient(n) for n in range(max(12, min(120, self.need_count // 5)))]
        places = [Place(id, region[:2]) for id, region in self.region_of.items()]
        providers = [
            Provider(f"XP{n:03}", self.rng.choice((1, 2, 3, 4)), self.rng.choice(self.shape.provider_seats))
            for n in range(max(4, self.session_count // 10))
        ]
        offers, sessions = self.offers_with_sessions(providers, recipients)
        return Problem(
            places=tuple(sorted(places, key=lambda place: place.id)),
            recipients=tuple(recipients),
            providers=tuple(providers),
            substitutions=tuple(Substitution(*row) for row in sorted(SUBSTITUTES)),
            needs=tuple(self.need(n, recipients) for n in range(self.need_count)),
            offers=tuple(offers),
            sessions=tuple(sessions),
            supports=tuple(self.supports(providers)),
            policy=policy,
        )

    # -- chances ---------------------------------------------------------------------------------------------

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def weighted(self, options: Sequence[tuple[str, int]]) -> str:
        return self.rng.choices([name for name, _ in options], [weight for _, weight in options])[0]

    def stated(self, value: T) -> T | None:
        return None if self.happens(self.unknown_share) else value

    def areas(self, most: int) -> frozenset[str]:
        """Return some areas; the first of the list are asked for most, as they are in real rounds."""
        count = self.rng.randint(1, most)
        return frozenset(self.rng.choices(self.topics, cum_weights=self.topic_weights, k=count))

    # -- records ---------------------------------------------------------------------------------------------

    def recipient(self, number: int) -> Recipient:
        id = f"XR{number:03}"
        self.region_of[id] = self.rng.choice(self.regions)
        return Recipient(id, id, frozenset({f"G{self.region_of[id][1]}"} if self.happens(0.6) else set()))

    def need(self, number: int, recipients: list[Recipient]) -> Need:
        recipient = self.rng.choice(recipients)
        seats = self.rng.randint(*self.shape.need_seats)
        earliest = FIRST_DAY + timedelta(days=self.rng.randint(0, 180))
        _, _, usual, second = self.region_of[recipient.id]
        modes = tuple(self.rng.sample([mode for mode, _ in MODES], self.rng.randint(2, 4)))
        return Need(
            id=f"N{number:05}",
            recipient=recipient.id,
            areas=self.stated(self.areas(2)),
            level=self.stated(self.weighted(self.levels)),
            personnel=self.stated(frozenset({self.weighted(PERSONNEL)})),
            seats=self.stated(seats),
            women=self.stated(self.rng.randint(0, seats // 2)),
            min_group=min(seats, self.rng.choice(self.shape.min_groups)),
            max_groups=self.rng.choice((None, None, 1, 2, 3)),
            whole=self.happens(0.08),
            earliest=self.stated(earliest),
            latest=self.stated(earliest + timedelta(days=self.rng.randint(120, 300))),
            languages=self.stated((usual, second) if self.happens(0.4) else (usual,)),
            modes=self.stated(modes),
            priority=self.rng.choices(("critical", "high", "routine"), (2, 3, 5))[0],
        )

    def offers_with_sessions(
        self, providers: list[Provider], recipients: list[Recipient]
    ) -> tuple[list[Offer], list[Session]]:
        offers: list[Offer] = []
        sessions: list[Session] = []
        while len(sessions) < self.session_count:
            offer_id, count = (
                f"O{len(offers):05}",
                min(self.rng.randint(1, 6), self.session_count - len(sessions)),
            )
            provider = self.rng.choice(providers).id
            hosts = [recipient.id for recipient in recipients]
            partners = frozenset({self.rng.choice(hosts)} if self.happens(0.1) else set())
            may_run = (
                None if count == 1 else self.rng.randint(1, max(1, int(count * self.shape.share_that_runs)))
            )
            offers.append(Offer(offer_id, provider, partners, may_run, self.rng.choice((None, 60, 80, 95))))
            sample = self.session(0, offer_id, hosts)
            for _ in range(count):
                dated = self.session_dates(replace(sample, id=f"S{len(sessions):05}"))
                sessions.append(dated)
        return offers, sessions

    def session(self, number: int, offer_id: str, hosts: list[str]) -> Session:
        mode = self.weighted(MODES)
        host = self.rng.choice(hosts)
        _, _, usual, second = self.region_of[host]
        place = None if mode == "online" or (mode == "mobile_team" and self.happens(0.7)) else host
        seats = self.rng.randint(*self.shape.session_seats)
        return Session(
            id=str(number),
            offer=offer_id,
            areas=self.stated(self.areas(3)),
            level=self.stated(self.weighted((*self.levels, ("any", 1)))),
            personnel=self.stated(frozenset({"any"} if self.happens(0.5) else {self.weighted(PERSONNEL)})),
            women_only=self.happens(0.04),
            seats=self.stated(seats),
            min_seats=self.rng.choice(self.shape.min_seats),
            max_recipients=self.rng.choice(self.shape.max_recipients),
            max_per_recipient=self.rng.choice(self.shape.max_per_recipient),
            languages=self.stated(frozenset({usual, second} if self.happens(0.25) else {usual})),
            mode=self.stated(mode),
            place=place,
            only=self.stated(self.eligible(host)),
            team=mode in ("mobile_team", "regional_centre", "in_country"),
            requires=self.stated(self.requirements(mode)),
        )

    def eligible(self, host: str) -> frozenset[str]:
        continent, region, _, _ = self.region_of[host]
        return self.rng.choices(
            (frozenset({"any"}), frozenset({continent}), frozenset({region, f"G{region}"})), (6, 2, 1)
        )[0]

    def requirements(self, mode: str) -> tuple[Requirement, ...]:
        rows = []
        if mode in ("regional_centre", "provider_centre") and self.happens(self.shape.chance_of_costs):
            rows.append(
                Requirement("funds", self.rng.choice((0, 10_000, 20_000)), self.rng.choice((600, 900, 1200)))
            )
        if mode == "regional_centre" and self.happens(0.5):
            rows.append(Requirement("venue", 1))
        if mode == "in_country" and self.happens(0.5):
            rows.append(Requirement("equipment", self.rng.randint(1, 4)))
        return tuple(sorted(rows, key=lambda row: row.kind))

    def session_dates(self, session: Session) -> Session:
        start = FIRST_DAY + timedelta(days=7 * self.rng.randint(3, 46))
        end = start + timedelta(days=7 * self.rng.randint(1, 6) - 3)
        if self.happens(self.unknown_share * 2):
            return replace(session, not_before=start, not_after=end + timedelta(days=60))
        return replace(session, start=start, end=end)

    def supports(self, providers: list[Provider]) -> list[Support]:
        """One support for about seven sessions; together they do not suffice for all."""
        rows = []
        for number in range(max(4, self.session_count // 7)):
            kind = ("funds", "venue", "funds", "equipment", "funds", "interpretation")[number % 6]
            region = self.rng.choice(self.regions)
            quantities = {
                "funds": 10_000 * self.rng.randint(*self.shape.funds_units),
                "interpretation": self.rng.randint(2, 4),
            }
            rows.append(
                Support(
                    id=f"R{number:05}",
                    provider=self.rng.choice(providers).id,
                    kind=kind,
                    quantity=quantities.get(kind, self.rng.randint(2, 6)),
                    per_session=50_000 if kind == "funds" and self.happens(0.3) else None,
                    from_=FIRST_DAY + timedelta(days=60) if self.happens(0.1) else None,
                    only=frozenset({region[0]}) if self.happens(0.3) else None,
                    areas=self.areas(3) if self.happens(0.15) else None,
                    places=frozenset({region[1]}) if kind in LOCAL_KINDS else None,
                    languages=frozenset(self.rng.sample(("en", "fr", "ar", "es", "pt"), 2))
                    if kind == "interpretation"
                    else None,
                )
            )
        return rows


def _with_a_plan_last_published(problem: Problem, rng: Random, shape: Shape, agreed_share: float) -> Problem:
    """Add the plan that was published before: what is agreed of it is pinned, some of the rest declined."""
    order = rng.sample(problem.sessions, len(problem.sessions))
    groups = HandPlan(problem, shape.is_full).fill(order)
    agreed = {session_id for _, session_id, _ in groups[: round(len(groups) * agreed_share)]}
    open_groups = [group for group in groups if group[1] not in agreed]
    declined = rng.sample(open_groups, round(len(open_groups) * shape.declined_share))
    return replace(
        problem,
        previous=tuple(PreviousSeats(*group) for group in sorted(groups)),
        pinned=tuple(Pin(*group) for group in sorted(groups) if group[1] in agreed),
        forbidden=tuple(Ban(*pair) for pair in sorted(group[:2] for group in declined)),
    )
