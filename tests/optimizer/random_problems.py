"""Random problems from a seed: tiny ones that brute force can solve, and pairs for the rules to judge.

They are drawn so that limits bind: few seats, low quantities, overlapping days. `random_problem(seed)` is
always the same problem for the same seed; a test prints the seeds of what fails.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any

from optimizer.problem import (
    OBJECTIVES,
    Need,
    Offer,
    Pin,
    Place,
    PlanningSeats,
    Policy,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Session,
    Support,
)
from tests.optimizer.brute_force import TinyRound
from tests.optimizer.builders import problem

MOST_PLANS = 60_000
FIRST_DAY = date(2027, 3, 1)
AREAS = ("C-IED", "EOD", "MED")
LANGUAGES = ("en", "fr", "es")
MODES = ("mobile_team", "in_country", "provider_centre", "regional_centre", "online")
PLACES = (
    Place("XAA", ("002", "202", "014")),
    Place("XAB", ("002", "202", "011")),
    Place("XAC", ("142", "034")),
    Place("XPA", ("150", "155")),
)
KINDS = ("equipment", "funds", "interpretation", "venue")


def random_problem(seed: int, most_plans: int = MOST_PLANS) -> Problem:
    """Return a tiny problem whose plans, before any is cut off, are at most `most_plans`."""
    rng = Random(seed)
    while True:
        draw = _Draw(rng, loose=rng.random() < 0.1)
        drawn = draw.problem()
        round_ = TinyRound(drawn)
        is_sparse = len(round_.pairs) < min(draw.need_count * draw.session_count, rng.randint(1, 9))
        if not is_sparse and round_.count_spreads() <= most_plans:
            return replace(drawn, pinned=draw.pins(drawn)) if draw.happens(0.4) else drawn


def random_round(seed: int, needs: int, sessions: int) -> Problem:
    """Return a round too large to try out every plan, of the same kinds as the tiny ones, without pins."""
    return _Draw(Random(seed), loose=False, needs=needs, sessions=sessions).problem()


def random_pair_problem(seed: int) -> Problem:
    """Return a problem of several needs and sessions in which every field is often unknown, odd or *any*."""
    return _Draw(Random(seed), loose=True, needs=4, sessions=4).problem()


class _Draw:
    """A draw. `loose`: fields vary widely, so that most rules speak; else most pairs exist."""

    def __init__(self, rng: Random, loose: bool, needs: int = 0, sessions: int = 0) -> None:
        self.rng, self.loose = rng, loose
        # Drawn apart, so that the rest of a problem stays what it was before supports were declined.
        self.rng_of_declines = Random(str(rng.getstate()[1][:2]))
        self.need_count = needs or rng.choice((1, 2, 3, 3, 4))
        self.session_count = sessions or rng.choice((1, 2, 3, 3, 4))

    def problem(self) -> Problem:
        recipients = [self.recipient(id) for id in ("XAA", "XAB", "XAC")[: self.rng.choice((1, 2, 2, 3))]]
        offers = [self.offer(id) for id in ("O-1", "O-2", "O-3")[: self.rng.choice((1, 2, 3))]]
        needs = [self.need(f"N-{n}", self.rng.choice(recipients).id) for n in range(1, self.need_count + 1)]
        sessions = [
            self.session(f"S-{n}", self.rng.choice(offers).id) for n in range(1, self.session_count + 1)
        ]
        kinds = [row.kind for one in sessions for row in one.requires or () if self.happens(0.8)]
        kinds += self.some(KINDS, 0.1) + self.some(["interpretation"] * 2, 0.5)
        return problem(
            needs,
            sessions,
            offers=offers,
            recipients=recipients,
            providers=[self.provider("XPA"), self.provider("XPB")],
            places=PLACES,
            supports=[self.support(f"R-{n}", kind) for n, kind in enumerate(kinds, 1)],
            substitutions=self.some([("C-IED", "EOD", 60), ("MED", "C-IED", 35), ("EOD", "C-IED", 80)], 0.4),
            policy=self.policy(),
            **self.lists_of_pairs(needs, sessions),
        )

    # -- chances ---------------------------------------------------------------------------------------------

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def some(self, options: Sequence[Any], chance: float) -> list[Any]:
        return [option for option in options if self.happens(chance)]

    def stated(self, value: Any, chance: float = 0.06) -> Any:
        """Return the value or, now and then, unknown."""
        return None if self.happens(0.2 if self.loose else chance) else value

    def members(self, options: Sequence[str], usual: str, odd: float = 0.06) -> frozenset[str]:
        """Return a set: the usual member most often, sometimes more, sometimes *any*."""
        if self.happens(0.15 if self.loose else 0.05):
            return frozenset({"any"})
        if self.happens(0.5 if self.loose else odd):
            return frozenset(self.rng.sample(options, self.rng.choice((1, 2))))
        return frozenset({usual, *self.some(options, 0.15)})

    def preferences(self, options: Sequence[str], chance_of_any: float = 0.06) -> tuple[str, ...]:
        if self.happens(chance_of_any):
            return ("any",)
        return tuple(self.rng.sample(options, self.rng.choice((1, 1, *range(1, len(options) + 1)))))

    def day(self, latest: int = 40) -> date:
        return FIRST_DAY + timedelta(days=self.rng.randint(0, latest))

    # -- records ---------------------------------------------------------------------------------------------

    def recipient(self, id: str) -> Recipient:
        place = self.stated(id if self.happens(0.85) else self.rng.choice(PLACES).id, 0.05)
        return Recipient(id, place, frozenset(self.some(("ECO", "AUN"), 0.4)))

    def provider(self, id: str) -> Provider:
        teams = self.rng.choice((None, None, 0, 1, 1, 2))
        return Provider(id, teams, self.rng.randint(2, 8) if self.happens(0.3) else None)

    def offer(self, id: str) -> Offer:
        provider = "XAA" if self.happens(0.02) else self.rng.choice(("XPA", "XPA", "XPB"))
        partners = [partner for partner in self.some(("XPB", "XAB", "XAC"), 0.06) if partner != provider]
        max_sessions = self.rng.choice((None, None, 1, 1, 2, 0 if self.loose else 2))
        record = self.rng.randint(0, 100) if self.happens(0.4) else None
        return Offer(id, provider, frozenset(partners), max_sessions, record)

    def need(self, id: str, recipient: str) -> Need:
        seats = self.stated(self.rng.randint(1, 5))
        most = seats if seats is not None else 3
        earliest = FIRST_DAY + timedelta(days=self.rng.randint(0, 10) if self.happens(0.15) else 0)
        latest = FIRST_DAY + timedelta(days=self.rng.randint(20, 60) if self.happens(0.15) else 60)
        return Need(
            id=id,
            recipient=recipient,
            areas=self.stated(self.members(AREAS, "C-IED", odd=0.25)),
            place=self.rng.choice(PLACES).id if self.happens(0.15) else None,
            level=self.stated(
                self.rng.choice(("basic", "basic", "any", "advanced" if self.loose else "basic"))
            ),
            personnel=self.stated(self.members(("troops", "fpu", "civilian"), "troops")),
            seats=seats,
            women=self.stated(self.rng.randint(0, most), 0.15) if self.happens(0.8) else most,
            min_group=self.rng.randint(2, most) if most > 1 and self.happens(0.35) else 1,
            max_groups=self.rng.choice((None, None, 1, 2)),
            whole=self.happens(0.2),
            earliest=self.stated(earliest),
            latest=self.stated(latest),
            languages=self.stated(self.preferences(LANGUAGES)),
            modes=self.stated(self.preferences(MODES, 0.6)),
            priority=self.rng.choice(("critical", "high", "routine")),
        )

    def session(self, id: str, offer: str) -> Session:
        start, seats, mode = (
            self.day(),
            self.rng.randint(2, 7),
            self.stated(self.rng.choice((*MODES, *MODES, "mobile_team", "online", "any"))),
        )
        end = start + timedelta(days=self.rng.randint(0, 20))
        is_dated = self.happens(0.85)
        women_only = self.happens(0.2)
        return Session(
            id=id,
            offer=offer,
            areas=self.stated(self.members(AREAS, "C-IED", odd=0.25)),
            level=self.stated(self.rng.choice(("basic", "basic", "any"))),
            personnel=self.stated(self.members(("troops", "fpu", "civilian"), "troops")),
            women_only=women_only,
            seats=self.stated(seats),
            min_seats=self.rng.randint(2, seats) if self.happens(0.35) else 1,
            max_recipients=self.rng.choice((None, None, 1, 2)),
            max_per_recipient=self.rng.randint(2, 4) if self.happens(0.3) else None,
            start=start if is_dated else None,
            end=end if is_dated else None,
            not_before=start if not is_dated and self.happens(0.5) else None,
            not_after=end if not is_dated and self.happens(0.5) else None,
            languages=self.stated(self.members(("en", "fr", "ES", "de"), "en")),
            mode=mode,
            place=self.session_place(mode),
            only=self.stated(self.codes() if self.happens(0.15) else frozenset({"any"})),
            except_=self.codes() if self.happens(0.05) else frozenset(),
            team=self.happens(0.6),
            requires=self.stated(self.requirements()),
        )

    def session_place(self, mode: str | None) -> str | None:
        if mode == "online" or self.happens(0.6 if mode == "mobile_team" else 0.25):
            return None
        return str(
            self.rng.choice(("XAA", "XAB") if mode in ("in_country", "mobile_team") else ("XAA", "XPA"))
        )

    def codes(self) -> frozenset[str]:
        return frozenset(self.rng.sample(("XAA", "XAB", "XAC", "002", "202", "142", "ECO", "XPA"), 2))

    def requirements(self) -> tuple[Requirement, ...]:
        amounts = {"funds": (self.rng.choice((0, 1000)), self.rng.choice((300, 500)))}
        rows = []
        for kind in KINDS:
            if self.happens(0.2):
                quantity, per_seat = amounts.get(kind, (self.rng.randint(1, 2), 0))
                rows.append(Requirement(kind, quantity, per_seat))
        return tuple(rows)

    def support(self, id: str, kind: str) -> Support:
        scale = 500 if kind == "funds" else 1
        first = self.day(40)
        most = scale * self.rng.randint(1, 3) if self.happens(0.35) else None
        languages = frozenset(self.rng.sample(("en", "fr", "es", "DE"), self.rng.choice((2, 2, 3))))
        return Support(
            id=id,
            provider=self.rng.choice(("XPA", "XPB")),
            kind=kind,
            quantity=self.stated(scale * self.rng.randint(1, 5), 0.05),
            per_session=most,
            from_=first if self.happens(0.2) else None,
            to=max(first, self.day(50)) if self.happens(0.2) else None,
            only=self.rng.choice((None, None, frozenset({"any"}), self.codes(), self.codes())),
            areas=frozenset(self.rng.sample(AREAS, 1)) if self.happens(0.2) else None,
            places=self.codes() if self.happens(0.2) else None,
            languages=languages if kind == "interpretation" and self.happens(0.95) else None,
            not_for=frozenset({"S-1"}) if self.rng_of_declines.random() < 0.1 else frozenset(),
        )

    # -- pairs and policy ------------------------------------------------------------------------------------

    def lists_of_pairs(self, needs: list[Need], sessions: list[Session]) -> dict[str, list[Any]]:
        """Return scores, bans and the previous plan."""
        pairs = [(need.id, session.id) for need in needs for session in sessions]

        def drawn(most: int) -> list[tuple[str, str]]:
            return self.rng.sample(pairs, min(len(pairs), self.rng.randint(0, most)))

        return {
            "scores": [(*pair, self.rng.randint(0, 100)) for pair in drawn(2)],
            "forbidden": [pair for pair in drawn(2) if self.happens(0.5)],
            "previous": [(*pair, self.rng.randint(1, 4)) for pair in drawn(3)],
        }

    def pins(self, unpinned: Problem) -> tuple[Pin, ...]:
        """Pin groups of allowed plans: of one plan, so that they hold, or of two, so that some clash."""
        round_ = TinyRound(unpinned)
        plans = [plan for plan in round_.spread_all() if plan]
        self.rng.shuffle(plans)
        allowed = list(islice((plan for plan in plans if round_.is_allowed(plan)), 2))
        options = [item for plan in allowed[: self.rng.choice((1, 1, 2))] for item in sorted(plan.items())]
        if self.happens(0.12) or not options:
            # Any pair at all, be it one that a rule refuses.
            options.append(((self.rng.choice(unpinned.needs).id, self.rng.choice(unpinned.sessions).id), 1))
        pins = {}
        for pair, seats in self.rng.sample(options, min(len(options), self.rng.randint(1, 3))):
            rule = self.rng.choice(("at_least", "at_least", "exactly"))
            pins[pair] = Pin(*pair, self.rng.randint(1, seats) if rule == "at_least" else seats, rule)
        return tuple(sorted(pins.values()))

    def policy(self) -> Policy:
        if self.happens(0.4):
            return Policy(planning_seats=PlanningSeats(3, 4), reached_seats=self.rng.randint(1, 3))
        count = self.rng.randint(1, len(OBJECTIVES))
        return Policy(
            objectives=tuple(self.rng.sample(OBJECTIVES, count)),
            weights={"critical": self.rng.randint(3, 9), "high": 2, "routine": self.rng.randint(0, 2)},
            quarters=self.rng.choice(((4, 3, 2, 1), (8, 4, 2, 1), (1, 1, 1, 1), (5, 1, 1, 0), (3, 0, 0, 0))),
            fit=self.rng.choice(
                (
                    {"area": 45, "language": 28, "mode": 17, "proximity": 10, "record": 0},
                    {"area": 20, "language": 20, "mode": 20, "proximity": 20, "record": 20},
                    {"area": 0, "language": 100, "mode": 0, "proximity": 0, "record": 0},
                )
            ),
            planning_seats=PlanningSeats(self.rng.randint(1, 3), self.rng.randint(2, 5)),
            reached_seats=self.rng.randint(1, 4),
            unknowns=self.rng.choice(("allow", "exclude")),
        )
