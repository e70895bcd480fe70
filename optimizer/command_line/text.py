"""What the commands print for people: short, in lines; the whole answer is in the JSON document."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from optimizer.explaining.changes import Change
from optimizer.explaining.check import CheckReport
from optimizer.explaining.comparison import PairChange, PlanDifference
from optimizer.explaining.explain import Explanation
from optimizer.explaining.prices import Price
from optimizer.explaining.would_help import NeedChanges
from optimizer.plan import Clash, Plan, Question
from optimizer.problem import Problem
from optimizer.verifying.verify import Verification

MAX_LISTED: Final = 20
MAX_NEAREST_SHOWN: Final = 3


def describe_plan(problem: Problem, plan: Plan) -> Iterator[str]:
    """The outcome, the values reached, how many are served and the first questions and reasons."""
    yield f"outcome: {plan.outcome}"
    if plan.clash is not None:
        yield from describe_clash(plan.clash)
    if plan.objectives:
        rows = [("objective", "value", "bound")]
        rows += [(o.name, str(o.value), "none" if o.bound is None else str(o.bound)) for o in plan.objectives]
        yield from align(rows)
    if plan.outcome != "clashing_pins":
        seats = sum(row.seats for row in plan.assignments)
        needs = len({row.need for row in plan.assignments})
        yield (
            f"{seats} seats placed, for {needs} of {len(problem.needs)} needs, "
            f"in {len(plan.sessions)} of {len(problem.sessions)} sessions"
        )
    questions = [f"{q.record}: {q.field} ({q.seats} seats hang on it)" for q in plan.questions]
    yield from list_some("questions to ask, most seats first", questions)
    unmet = [f"{u.need}: {u.seats_short} seats short, {u.reason}" for u in plan.unmet]
    yield from list_some("needs short of seats", unmet)
    if plan.solver is not None:
        stopped = "" if plan.solver.stopped_by is None else f", stopped by {plan.solver.stopped_by}"
        yield f"{plan.solver.solver} with PuLP {plan.solver.pulp}, {plan.solver.seconds:.1f} seconds{stopped}"


def describe_clash(clash: Clash) -> Iterator[str]:
    """The pins that clash and the limits that they meet."""
    pins = [f"{p.need} in {p.session}: {p.rule.replace('_', ' ')} {p.seats} seats" for p in clash.pins]
    yield from list_some("these pins cannot hold together", pins)
    limits = []
    for limit in clash.limits:
        numbers = (
            "" if limit.required is None else f": {limit.required} required, {limit.available} available"
        )
        limits.append(f"{limit.code} of {limit.record}{numbers}")
    yield from list_some("limits that they meet", limits)


def describe_check(report: CheckReport) -> Iterator[str]:
    """Whether the pins can hold together, and the warnings."""
    if report.clash is None:
        yield "no faults; the pins can hold together"
    else:
        yield from describe_clash(report.clash)
    yield from list_some("warnings", [warning.message for warning in report.warnings])


def describe_verification(verification: Verification) -> Iterator[str]:
    """Whether the plan holds, each violation, and the values derived."""
    if verification.ok:
        yield "the plan holds: every rule, constraint and value agrees"
    violations = []
    for violation in verification.violations:
        records = " ".join(name for name in (violation.need, violation.session) if name is not None)
        violations.append(f"{violation.code}{f' ({records})' if records else ''}: {violation.message}")
    yield from list_some("violations", violations)
    yield from align([(objective.name, str(objective.value)) for objective in verification.objectives])


def describe_explanation(explanation: Explanation) -> Iterator[str]:
    """Each unmet need with its reason, each match with its fit, and the questions that hang on them."""
    if explanation.clash is not None:
        yield "no plan satisfies the pins, so nothing is placed"
        yield from describe_clash(explanation.clash)
        return
    if not explanation.unmet and not explanation.matches:
        yield "nothing is placed and nothing is short of seats"
    for row in explanation.unmet[:MAX_LISTED]:
        yield f"{row.need} is {row.seats_short} seats short: {row.reason}"
        if row.blocked_counts:
            refused = ", ".join(f"{count} by {code}" for code, count in row.blocked_counts.items())
            yield f"  sessions refused: {refused}"
        for near in row.nearest[:MAX_NEAREST_SHOWN]:
            yield f"  nearest: {near.session}, refused by {', '.join(near.rules)}"
        for pair in row.waiting[:MAX_NEAREST_SHOWN]:
            questions = _name_questions(pair.questions)
            yield f"  waiting for an answer: {pair.session}, fit {pair.fit} ({questions})"
        if row.changes is not None:
            yield from describe_changes(row.changes)
    yield from say_how_many_more(len(explanation.unmet))
    for match in explanation.matches[:MAX_LISTED]:
        pinned = ", agreed already" if match.pinned else ""
        yield f"{match.need} has {match.seats} seats in {match.session}, fit {match.fit}{pinned}"
        if match.fit_parts is None:
            yield "  the fit is a coordinator's own"
        else:
            yield f"  fit: {', '.join(f'{part} {value}' for part, value in match.fit_parts.items())}"
        if match.questions:
            yield f"  if the answers allow: {_name_questions(match.questions)}"
    yield from say_how_many_more(len(explanation.matches))
    yield from list_some("prices", [name_price(price) for price in explanation.prices or ()])


def name_price(price: Price) -> str:
    """What a pin, ban, question or match costs, in words."""
    about = (price.record, price.field) if price.kind == "question" else (price.need, price.session)
    verb = "gained" if price.kind in ("pin", "ban") else "lost"
    if not price.is_settled and price.objective is None:
        amount = "not settled"
    else:
        amount = "nothing" if price.objective is None else f"{price.amount} of {price.objective}"
    return f"without the {price.kind} {' '.join(map(str, about))}: {amount} {verb}"


def describe_changes(changes: NeedChanges) -> Iterator[str]:
    """What would help a need, with what the plan that proves it takes from others."""
    if changes.gains_unchanged:
        yield "  would help: nothing has to change, a better plan of this round gives it more"
        return
    for one in changes.helps:
        least = "" if one.is_least else " (less was not settled in time)"
        yield (
            f"  would help: {name_change(one.change)}{least}: {one.effects.seats_gained} seats more, "
            f"{one.effects.seats_lost_by_others} fewer for {one.effects.needs_losing} others"
        )
    for change in changes.not_settled:
        yield f"  not settled in time: {name_change(change)}"
    if not changes.helps and not changes.not_settled:
        near = "" if changes.proof == "whole" else ", as far as was looked for near it"
        yield f"  no change of one kind alone would help{near}"


def name_change(change: Change) -> str:
    """A change in words."""
    links = "" if change.languages is None else f" between {' and '.join(change.languages)}"
    words = {
        "language": f"accept {change.word} too",
        "earlier": f"{change.amount} days earlier",
        "later": f"{change.amount} days later",
        "min_group": f"a smallest group of {change.amount}",
        "mode": f"accept {change.word} too",
        "max_groups": f"up to {change.amount} groups",
        "not_whole": "less than the whole",
        "support": f"{change.amount} more of {change.word}{links}",
    }
    return words[change.kind]


def _name_questions(questions: Sequence[Question]) -> str:
    return ", ".join(f"{question.record}: {question.field}" for question in questions)


def describe_difference(difference: PlanDifference) -> Iterator[str]:
    """The pairs that changed, the sessions that start or stop, and the values."""
    if difference.is_same_problem:
        yield f"both plans answer problem {difference.old_problem_sha256}"
    else:
        yield "the plans answer different problems:"
        yield f"  old {difference.old_problem_sha256}"
        yield f"  new {difference.new_problem_sha256}"
    if difference.old_outcome != difference.new_outcome:
        yield f"outcome: {difference.old_outcome} before, {difference.new_outcome} now"
    kept_seats = sum(change.old_seats for change in difference.kept)
    yield f"kept: {len(difference.kept)} pairs, {kept_seats} seats"
    for name in ("changed", "added", "lost"):
        changes: Sequence[PairChange] = getattr(difference, name)
        lines = [f"{c.need} in {c.session}: {c.old_seats} -> {c.new_seats} seats" for c in changes]
        yield from list_some(f"{name}: {len(changes)} pairs", lines)
    yield from list_some("sessions that run now", difference.sessions_started)
    yield from list_some("sessions that run no longer", difference.sessions_stopped)
    if difference.objectives:
        rows = [("objective", "old", "new")]
        rows += [(o.name, _number_or_dash(o.old), _number_or_dash(o.new)) for o in difference.objectives]
        yield from align(rows)


def _number_or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def list_some(title: str, lines: Sequence[str]) -> Iterator[str]:
    """A titled list, cut where a reader would stop reading; nothing where it is empty."""
    if not lines:
        return
    yield f"{title}:"
    for line in lines[:MAX_LISTED]:
        yield f"  {line}"
    yield from say_how_many_more(len(lines))


def say_how_many_more(count: int) -> Iterator[str]:
    if count > MAX_LISTED:
        yield f"  ... and {count - MAX_LISTED} more (--json lists all)"


def align(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table: the first column to the left, numbers to the right."""
    columns = list(rows)
    if not columns:
        return
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    for first, *rest in columns:
        numbers = "".join(f"  {cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        yield f"  {first:<{widths[0]}}{numbers}"
