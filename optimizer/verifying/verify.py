"""The independent checker: no plan is stored or printed before this has found nothing wrong with it.

A solver's word is never trusted: rule-breaking values, and values that do not belong to the reported
objective, have been seen. So every rule, constraint and objective of docs/matching.md, and every statement
about unmet needs, is worked out a second time, here and in the other `verify_*.py`, from the contract's text
alone and in whole numbers. These files import the data classes and nothing else of the optimizer.

The work grows with the plan and with the needs that are short of seats. What verify does not prove, for it
takes a search over all plans: that a bound is a bound; and of a clash, that it is real where it needs more
than the pins alone to see, that no pin and no limit can be spared, and how many seats could be reached at
best. Nor does it ask that rows come in order where the contract names none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from optimizer.plan import Assignment, Plan, Question
from optimizer.problem import Problem
from optimizer.verifying.clash import check_clash
from optimizer.verifying.constraints import Ledger, Violation, find_breaches
from optimizer.verifying.refusals import Said
from optimizer.verifying.rules import Facts, fit_again, judge_pair_again, questions_again
from optimizer.verifying.unmet import check_unmet
from optimizer.verifying.values import Values

__all__ = [
    "DerivedObjective",
    "Verification",
    "Verifier",
    "Violation",
    "fit_again",
    "judge_pair_again",
    "verify",
]


@dataclass(frozen=True, slots=True)
class DerivedObjective:
    """The value of an objective as verify derives it from the plan's seats."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What verify found: ``ok`` where there is no violation; the objectives of the policy, in its order."""

    ok: bool
    violations: tuple[Violation, ...]
    objectives: tuple[DerivedObjective, ...]


def verify(problem: Problem, plan: Plan, expected_sha256: str | None = None) -> Verification:
    """Check a plan against every rule, constraint and value of the contract.

    `expected_sha256` is the hash of the problem's canonical form; where given, the plan must name it. Nothing
    is raised for a bad plan: every fault is a `Violation` whose code is that of a pair rule, C1..C12, or one
    of ``problem``, ``outcome``, ``unknown_id``, ``duplicate``, ``no_seats``, ``sessions``, ``unknowns``,
    ``firm``, ``fit``, ``questions``, ``unmet``, ``objective``.
    """
    return _verify(problem, plan, expected_sha256, None)


class Verifier:
    """`verify` for a round that is asked about again and again, as its matches are declined.

    What the rules alone say of a need, whatever the plan, is worked out once and kept. It takes the memory of
    a plan, so it is for a process that keeps the round anyway.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._said: dict[str, Said] = {}

    def turn_to(self, problem: Problem) -> None:
        """Go on with a problem that differs in pins, bans and the previous plan alone.

        Raises
        ------
        ValueError: it differs elsewhere.
        """
        now = self.problem
        if replace(problem, pinned=now.pinned, forbidden=now.forbidden, previous=now.previous) != now:
            raise ValueError("the problem differs in more than pins, bans and the previous plan")
        for _, need, _ in _agreements(now) ^ _agreements(problem):
            self._said.pop(need, None)
        self.problem = problem

    def verify(self, plan: Plan, expected_sha256: str | None = None) -> Verification:
        return _verify(self.problem, plan, expected_sha256, self._said)


def _agreements(problem: Problem) -> set[tuple[str, str, str]]:
    """The pairs that are pinned, and those that are banned."""
    pins = {("pin", pin.need, pin.session) for pin in problem.pinned}
    return pins | {("ban", ban.need, ban.session) for ban in problem.forbidden}


def _verify(
    problem: Problem, plan: Plan, expected_sha256: str | None, said: dict[str, Said] | None
) -> Verification:
    if plan.outcome == "clashing_pins":
        violations = [*_check_hash(plan, expected_sha256), *check_clash(problem, plan)]
        return Verification(not violations, tuple(violations), ())
    facts = Facts(problem)
    violations = [*_check_hash(plan, expected_sha256), *_check_ids(problem, plan)]
    ledger = Ledger(facts, _rows_to_judge(problem, plan))
    pairs = _PairStatements(ledger)
    violations += pairs.violations
    violations += find_breaches(ledger, plan)
    violations += _check_sessions(ledger, plan)
    violations += _check_open_questions(plan)
    violations += check_unmet(ledger, plan, said)
    values = Values(facts, ledger.rows, pairs.fits, pairs.firm)
    objectives = tuple(DerivedObjective(name, values.derive(name)) for name in problem.policy.objectives)
    violations += _check_objectives(plan, objectives)
    violations += _check_outcome(plan)
    return Verification(not violations, tuple(violations), objectives)


def _check_hash(plan: Plan, expected_sha256: str | None) -> Iterator[Violation]:
    if expected_sha256 is not None and plan.problem_sha256 != expected_sha256:
        message = f"The plan answers problem {plan.problem_sha256}, and this problem is {expected_sha256}."
        yield Violation(
            "problem", None, None, f"{message} Solve this problem, or verify against the other one."
        )


def _check_ids(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Every id is one of the problem's, every row is there once, and every assignment holds a seat."""
    for row in plan.assignments:
        if row.need not in problem.need_by_id:
            message = f"Need {row.need} is not in the problem. Take the assignment away."
            yield Violation("unknown_id", row.need, row.session, message)
        if row.session not in problem.session_by_id:
            message = f"Session {row.session} is not in the problem. Take the assignment away."
            yield Violation("unknown_id", row.need, row.session, message)
        if row.seats < 1:
            message = (
                f"Need {row.need} has {row.seats} seats in session {row.session}. Place some, or no row."
            )
            yield Violation("no_seats", row.need, row.session, message)
    for (need_id, session_id), count in Counter((row.need, row.session) for row in plan.assignments).items():
        if count > 1:
            message = f"Need {need_id} has {count} rows in session {session_id}. Put its seats in one row."
            yield Violation("duplicate", need_id, session_id, message)
    for running in plan.sessions:
        if running.id not in problem.session_by_id:
            message = f"Session {running.id} is not in the problem. Take it out of the running sessions."
            yield Violation("unknown_id", None, running.id, message)
        for support_id, count in Counter(use.support for use in running.supports).items():
            if support_id not in problem.support_by_id:
                message = f"Support {support_id} of session {running.id} is not in the problem. Take it away."
                yield Violation("unknown_id", None, running.id, message)
            elif count > 1:
                message = (
                    f"Support {support_id} has {count} rows in session {running.id}. Put them in one row."
                )
                yield Violation("duplicate", None, running.id, message)


def _rows_to_judge(problem: Problem, plan: Plan) -> list[Assignment]:
    """Return the rows that mean something: known records, at least a seat, the first row of each pair."""
    rows: dict[tuple[str, str], Assignment] = {}
    for row in plan.assignments:
        if row.need in problem.need_by_id and row.session in problem.session_by_id and row.seats >= 1:
            rows.setdefault((row.need, row.session), row)
    return list(rows.values())


class _PairStatements:
    """What a plan says of each of its pairs, against what the rules say of it."""

    def __init__(self, ledger: Ledger) -> None:
        self.violations: list[Violation] = []
        self.fits: dict[tuple[str, str], int] = {}
        self.firm: dict[tuple[str, str], bool] = {}
        for row in ledger.rows:
            self._judge(ledger.facts, row)
        ledger.refused.update(ledger.seats.keys() - self.fits.keys())

    def _judge(self, facts: Facts, row: Assignment) -> None:
        need, session = facts.problem.need_by_id[row.need], facts.problem.session_by_id[row.session]
        words = judge_pair_again(facts, need, session)
        refusals = [code for code, word in words.items() if word == "no"]
        for code in refusals:
            message = (
                f"Rule {code} refuses need {need.id} in session {session.id}. Free its {row.seats} seats."
            )
            self._refuse(code, row, message)
        if refusals:
            return
        pair = (need.id, session.id)
        self.fits[pair] = fit_again(facts, need, session)
        self.firm[pair] = "unknown" not in words.values()
        if not self.firm[pair] and facts.problem.policy.unknowns == "exclude" and pair not in facts.pins:
            message = (
                f"Need {need.id} in session {session.id} is conditional, and the policy excludes unknowns."
            )
            self._refuse("unknowns", row, f"{message} Ask its questions or take it away.")
        if row.firm != self.firm[pair]:
            message = f"Need {need.id} in session {session.id} is said to be {_firmness(row.firm)}"
            self._refuse("firm", row, f"{message} and is {_firmness(self.firm[pair])}.")
        if row.fit != self.fits[pair]:
            message = f"Need {need.id} fits session {session.id} by {self.fits[pair]}, not by {row.fit}."
            self._refuse("fit", row, message)
        self._check_questions(row, questions_again(facts, need, session, words))

    def _check_questions(self, row: Assignment, questions: set[Question]) -> None:
        if set(row.questions) == questions and len(row.questions) == len(questions):
            return
        asked = ", ".join(f"{q.record}.{q.field}" for q in sorted(questions)) or "nothing"
        message = f"Need {row.need} in session {row.session} depends on {asked}. Ask each of these once."
        self._refuse("questions", row, message)

    def _refuse(self, code: str, row: Assignment, message: str) -> None:
        self.violations.append(Violation(code, row.need, row.session, message))


def _firmness(is_firm: bool) -> str:
    return "firm" if is_firm else "conditional"


def _check_sessions(ledger: Ledger, plan: Plan) -> Iterator[Violation]:
    """The sessions listed are those that run, each once, with the seats filled."""
    listed = Counter(row.id for row in plan.sessions)
    for session_id in sorted(ledger.by_session.keys() - listed.keys()):
        message = (
            f"Session {session_id} runs with {ledger.filled(session_id)} seats and is not listed. List it."
        )
        yield Violation("sessions", None, session_id, message)
    for running in plan.sessions:
        filled = ledger.filled(running.id)
        if running.id not in ledger.problem.session_by_id:
            continue
        if filled == 0:
            message = f"Session {running.id} is listed as running and nobody is placed there. Take it out."
            yield Violation("sessions", None, running.id, message)
        elif filled != running.seats_filled:
            message = f"Session {running.id} is said to fill {running.seats_filled} seats and fills {filled}."
            yield Violation("sessions", None, running.id, message)
    for session_id, count in listed.items():
        if count > 1:
            message = f"Session {session_id} is listed {count} times. List it once."
            yield Violation("duplicate", None, session_id, message)


def _check_open_questions(plan: Plan) -> Iterator[Violation]:
    """The plan's questions are those of its pairs, with the seats that hang on each, most seats first."""
    seats: dict[Question, int] = defaultdict(int)
    for row in plan.assignments:
        for question in set(row.questions):
            seats[question] += row.seats
    stated = Counter((row.record, row.field) for row in plan.questions)
    for record, field in sorted(stated):
        if stated[record, field] > 1 or Question(record, field) not in seats:
            message = f"Question {record}.{field} is asked {stated[record, field]} times; "
            message += "a question of a pair in the plan is asked once, any other never."
            yield Violation("questions", None, None, message)
    stated_seats = {Question(row.record, row.field): row.seats for row in plan.questions}
    for question, expected in sorted(seats.items()):
        if stated_seats.get(question) != expected:
            said = stated_seats.get(question, "nothing")
            message = (
                f"On question {question.record}.{question.field} hang {expected} seats; the plan says {said}."
            )
            yield Violation("questions", None, None, message)
    in_order = [row.seats for row in plan.questions]
    if in_order != sorted(in_order, reverse=True):
        yield Violation(
            "questions", None, None, "The questions on which most seats hang come first. Sort them."
        )


def _check_objectives(plan: Plan, derived: tuple[DerivedObjective, ...]) -> Iterator[Violation]:
    """The plan states the policy's objectives in order, with their true values and no bound below them."""
    names = [row.name for row in plan.objectives]
    expected = [row.name for row in derived]
    if names != expected:
        message = (
            f"The policy's objectives are {', '.join(expected)}; the plan has {', '.join(names) or 'none'}."
        )
        yield Violation("objective", None, None, message)
        return
    for stated, true in zip(plan.objectives, derived, strict=True):
        if stated.value != true.value:
            message = f"Objective {true.name} is worth {true.value}; the plan says {stated.value}."
            yield Violation("objective", None, None, message)
        if stated.bound is not None and stated.bound < stated.value:
            message = (
                f"Objective {true.name} has the bound {stated.bound}, below its own value {stated.value}."
            )
            yield Violation("objective", None, None, message)


def _check_outcome(plan: Plan) -> Iterator[Violation]:
    """An optimal plan closes every bound; only a plan whose pins clash names a clash."""
    if plan.clash is not None:
        yield Violation("outcome", None, None, f"A plan that is {plan.outcome} names no clash of pins.")
    if plan.outcome == "feasible":
        return
    if plan.outcome != "optimal":
        message = f"The outcome {plan.outcome} is not one of optimal, feasible, clashing_pins."
        yield Violation("outcome", None, None, message)
    for row in plan.objectives:
        if row.bound is None or row.bound > row.value:
            message = (
                f"The plan calls itself optimal and objective {row.name} is at {row.value} of {row.bound}."
            )
            yield Violation("outcome", None, None, f"{message} Call it feasible, or solve on.")
