"""Does overstating pay? `python -m tests.bench.honesty [--rounds 100]`

In each of many made-up rounds one State, chosen by the round's seed, asks for more than it needs: twice or
four times its seats, all of it as critical, or both. The round is solved as asked (what the matcher would do
by itself), as a coordinator who believes half of the exaggeration recognises it, and as one recognises it who
knows the truth. Told is what the State gains in seats that it can really fill, what others lose, and what is
wasted, each against the plan of the honest round. Every plan is proven best and has passed `verify`.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import fmean

from optimizer.files.canonical import problem_sha256
from optimizer.plan import Plan
from optimizer.problem import Need, Problem
from optimizer.rules.facts import Facts
from optimizer.rules.objectives import coverage_weight, wished_by_recipient, worth
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem

SESSIONS = 30
FEWEST_NEEDS, MOST_NEEDS = 15, 25
# A round of this size is proven in well under a second; one that is not by then is left out, and counted.
SECONDS_A_SOLVE = 60.0
RESAMPLES = 10_000


@dataclass(frozen=True)
class Claim:
    """How a State overstates: its seats times `seats_factor`, and all of its needs as critical."""

    name: str
    seats_factor: int = 1
    all_critical: bool = False

    def applied(self, need: Need) -> Need:
        """Return the need as the State states it."""
        assert need.seats is not None
        priority = "critical" if self.all_critical else need.priority
        return replace(need, seats=need.seats * self.seats_factor, priority=priority)


@dataclass(frozen=True)
class Recognition:
    """What a coordinator grants of a claim: seats up to so many quarters of the truth, and its priority."""

    name: str
    most_seats_in_quarters: int | None  # None: whatever is asked
    believes_priority: bool

    def applied(self, claimed: Need, truth: Need) -> Need:
        """Return the need as recognised: never more than is asked, nor more than the coordinator believes."""
        assert claimed.seats is not None
        assert truth.seats is not None
        seats = claimed.seats
        if self.most_seats_in_quarters is not None:
            seats = min(seats, truth.seats * self.most_seats_in_quarters // 4)
        priority = claimed.priority if self.believes_priority else truth.priority
        return replace(claimed, seats=seats, priority=priority)


CLAIMS = (
    Claim("seats x2", 2),
    Claim("seats x4", 4),
    Claim("all critical", 1, True),
    Claim("seats x2, all critical", 2, True),
    Claim("seats x4, all critical", 4, True),
)
AS_ASKED = Recognition("before recognition: as asked", None, True)
IN_PART = Recognition("in part: seats up to x1.5, true priority", 6, False)
IN_PART_CRITICAL = Recognition("in part: seats up to x1.5, critical believed", 6, True)
AS_IT_IS = Recognition("after recognition: true seats, true priority", 4, False)
# Recognised up to one and a half times, twice and four times the seats are the same.
CASES = (
    *((AS_ASKED, claim) for claim in CLAIMS),
    (IN_PART, CLAIMS[1]),
    (IN_PART_CRITICAL, CLAIMS[4]),
    *((AS_IT_IS, claim) for claim in CLAIMS),
)


@dataclass(frozen=True)
class Outcome:
    """What a plan gives, measured by the truth; seats are whole, the share is in percent.

    `usable_seats` are the State's, capped at the true seats of each need; `wasted_seats` are those above.
    `coverage_share` is the State's part of the round's coverage, counted from usable seats and true wishes.
    """

    usable_seats: int
    wasted_seats: int
    others_seats: int
    coverage_share: float


@dataclass(frozen=True)
class Effect:
    """What a claim does in one round, against the honest plan of the same round.

    `true_seats` are those that the State really needs, `honest_seats` those that honesty gives it.
    """

    round_seed: int
    recognition: str
    claim: str
    true_seats: int
    honest_seats: int
    gained_seats: int
    gained_share_points: float
    others_lost_seats: int
    wasted_seats: int
    is_same_problem: bool


class Unproven(Exception):
    """A round that was not solved to its proof within the time of one solve."""


def make_honest_round(seed: int) -> Problem:
    """Return a round in which everything is stated and nothing is agreed yet."""
    needs = FEWEST_NEEDS + seed % (MOST_NEEDS - FEWEST_NEEDS + 1)
    return make_problem(needs, SESSIONS, seed, unknown_share=0.0, agreed_share=0.0)


def choose_state(problem: Problem, seed: int) -> str:
    """Return a recipient that has needs, each as likely as another; also one that can gain nothing."""
    return Random(f"overstates {seed}").choice(sorted({need.recipient for need in problem.needs}))


def state_and_recognise(truth: Problem, state: str, claim: Claim, recognition: Recognition) -> Problem:
    """Return the problem that the matcher gets: the State's needs as claimed and then recognised."""
    needs = (
        recognition.applied(claim.applied(need), need) if need.recipient == state else need
        for need in truth.needs
    )
    return replace(truth, needs=tuple(needs))


def measure_outcome(truth: Problem, state: str, plan: Plan) -> Outcome:
    """Count a plan's seats by what everybody really needs."""
    placed: dict[str, int] = {}
    for row in plan.assignments:
        placed[row.need] = placed.get(row.need, 0) + row.seats
    usable = {need.id: min(placed.get(need.id, 0), need.seats or 0) for need in truth.needs}
    own = [need.id for need in truth.needs if need.recipient == state]
    worths = worth_by_recipient(truth, usable)
    everything = sum(worths.values())
    return Outcome(
        usable_seats=sum(usable[id] for id in own),
        wasted_seats=sum(placed.get(id, 0) - usable[id] for id in own),
        others_seats=sum(seats for id, seats in placed.items() if id not in own),
        coverage_share=100 * worths[state] / everything if everything else 0.0,
    )


def worth_by_recipient(truth: Problem, usable: dict[str, int]) -> dict[str, int]:
    """Return each recipient's part of the objective `coverage`, counting the seats that it can fill."""
    facts = Facts(truth)
    weighted: dict[str, int] = {}
    for need in truth.needs:
        added = coverage_weight(facts, need) * usable[need.id]
        weighted[need.recipient] = weighted.get(need.recipient, 0) + added
    wished = wished_by_recipient(facts, coverage_weight)
    return {one: worth(truth.policy.quarters, wished[one], weighted[one]) for one in wished}


def measure_round(seed: int) -> list[Effect]:
    """Return the effect of every claim under every recognition in one round. Raises Unproven."""
    truth = make_honest_round(seed)
    state = choose_state(truth, seed)
    outcomes: dict[str, Outcome] = {}

    honest = measure_outcome(truth, state, solve_proven(truth))
    effects = []
    for recognition, claim in CASES:
        problem = state_and_recognise(truth, state, claim, recognition)
        sha256 = problem_sha256(problem)
        # Claims that are recognised alike are one problem, solved once; the honest plan is not reused for
        # it, so that what is found after recognition is measured too.
        if sha256 not in outcomes:
            outcomes[sha256] = measure_outcome(truth, state, solve_proven(problem))
        found = outcomes[sha256]
        effects.append(
            Effect(
                round_seed=seed,
                recognition=recognition.name,
                claim=claim.name,
                true_seats=sum(need.seats or 0 for need in truth.needs if need.recipient == state),
                honest_seats=honest.usable_seats,
                gained_seats=found.usable_seats - honest.usable_seats,
                gained_share_points=found.coverage_share - honest.coverage_share,
                others_lost_seats=honest.others_seats - found.others_seats,
                wasted_seats=found.wasted_seats,
                is_same_problem=problem == truth,
            )
        )
    return effects


def solve_proven(problem: Problem) -> Plan:
    """Return the best plan, verified. Raises Unproven where its proof takes too long."""
    plan = solve(problem, time_limit_seconds=SECONDS_A_SOLVE)
    verification = verify(problem, plan, problem_sha256(problem))
    assert verification.ok, verification.violations[0].message
    if plan.outcome != "optimal":
        raise Unproven
    return plan


# -- what is told --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interval:
    """A mean over rounds and its 95 % interval: percentiles of the means of rounds drawn with replacement."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float]) -> Interval:
    """Return the mean with its percentile-bootstrap interval; the resampling has a fixed seed."""
    rng = Random(f"bootstrap {len(values)}")
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(fmean(values), means[RESAMPLES * 25 // 1000], means[RESAMPLES * 975 // 1000 - 1])


@dataclass(frozen=True)
class Finding:
    """One claim under one recognition over all rounds; counts are seats a round, shares percent of rounds."""

    recognition: str
    claim: str
    rounds: int
    gained_seats: Interval
    most_gained_seats: int
    most_lost_seats: int
    share_gaining: Interval
    share_losing: Interval
    gained_share_points: Interval
    others_lost_seats: Interval
    most_others_lost_seats: int
    wasted_seats: Interval
    rounds_with_the_same_problem: int


def summarise(effects: Sequence[Effect]) -> list[Finding]:
    """Return one finding for each case, in their order."""
    findings = []
    for recognition, claim in CASES:
        rows = [row for row in effects if (row.recognition, row.claim) == (recognition.name, claim.name)]
        gained = [row.gained_seats for row in rows]
        findings.append(
            Finding(
                recognition=recognition.name,
                claim=claim.name,
                rounds=len(rows),
                gained_seats=bootstrap(gained),
                most_gained_seats=max(gained),
                most_lost_seats=max(0, -min(gained)),
                share_gaining=bootstrap([100.0 * (seats > 0) for seats in gained]),
                share_losing=bootstrap([100.0 * (seats < 0) for seats in gained]),
                gained_share_points=bootstrap([row.gained_share_points for row in rows]),
                others_lost_seats=bootstrap([row.others_lost_seats for row in rows]),
                most_others_lost_seats=max(row.others_lost_seats for row in rows),
                wasted_seats=bootstrap([row.wasted_seats for row in rows]),
                rounds_with_the_same_problem=sum(row.is_same_problem for row in rows),
            )
        )
    return findings


def table_of(findings: Sequence[Finding]) -> str:
    """Return a Markdown table for each recognition, the claims in rows."""
    lines: list[str] = []
    for recognition in dict.fromkeys(finding.recognition for finding in findings):
        lines += [
            f"**{recognition}**",
            "",
            "| claim | usable seats gained | most gained, most lost | rounds with gain | rounds with loss "
            "| share of coverage, points | seats that others lose | most | seats wasted |",
            "|---|---|---|---|---|---|---|---|---|",
            *(row_of(finding) for finding in findings if finding.recognition == recognition),
            "",
        ]
    return "\n".join(lines)


def row_of(finding: Finding) -> str:
    cells = (
        finding.claim,
        shown(finding.gained_seats),
        f"{finding.most_gained_seats}, {finding.most_lost_seats}",
        shown(finding.share_gaining, " %", 0),
        shown(finding.share_losing, " %", 0),
        shown(finding.gained_share_points),
        shown(finding.others_lost_seats),
        str(finding.most_others_lost_seats),
        shown(finding.wasted_seats),
    )
    return f"| {' | '.join(cells)} |"


def shown(interval: Interval, unit: str = "", digits: int = 1) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    mean, low, high = (round(value, digits) + 0.0 for value in (interval.mean, interval.low, interval.high))
    return f"{mean:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def measure_all(seeds: Sequence[int], tell: Callable[[str], None]) -> tuple[list[Effect], list[int]]:
    """Return the effects of all rounds, and the seeds of those left out because a plan was not proven."""
    effects: list[Effect] = []
    left_out: list[int] = []
    for seed in seeds:
        try:
            effects += measure_round(seed)
        except Unproven:
            left_out.append(seed)
        tell(f"round {seed} of {seeds[-1]}")
    return effects, left_out


def rounds_sha256(seeds: Sequence[int]) -> str:
    """Return one hash over the honest rounds, by which a reader can tell that theirs are the same."""
    hashes = (problem_sha256(make_honest_round(seed)) for seed in seeds)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def main(print_line: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.honesty", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=100, help="rounds of seeds 1, 2, ...; 100")
    parser.add_argument("--output", type=Path, default=Path("build/honesty.json"), help="build/honesty.json")
    arguments = parser.parse_args()
    seeds = range(1, max(1, arguments.rounds) + 1)
    effects, left_out = measure_all(seeds, lambda line: print(line, file=sys.stderr, flush=True))
    if not effects:
        raise SystemExit(f"No round was proven within {SECONDS_A_SOLVE:.0f} seconds a solve.")
    findings = summarise(effects)
    document = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "command": f"python -m tests.bench.honesty --rounds {len(seeds)}",
        "rounds_sha256": rounds_sha256(seeds),
        "rounds_left_out": left_out,
        "findings": [asdict(finding) for finding in findings],
        "effects": [asdict(effect) for effect in effects],
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print_line(table_of(findings))
    # Every round has the same number of effects, so that their mean is that of the rounds.
    true_seats = fmean(effect.true_seats for effect in effects)
    honest_seats = fmean(effect.honest_seats for effect in effects)
    print_line(f"The State needs {true_seats:.1f} seats a round and gets {honest_seats:.1f} by honesty.")
    print_line(
        f"{findings[0].rounds} rounds, {len(left_out)} left out as not proven; means a round, in brackets "
        f"95 % percentile-bootstrap intervals ({RESAMPLES:,} resamples); rounds {document['rounds_sha256']}"
    )


if __name__ == "__main__":
    main()
