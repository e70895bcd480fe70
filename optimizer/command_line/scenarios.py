"""What ``scenarios`` prints for people: one column a scenario, one row a count."""

from collections.abc import Iterator, Sequence
from typing import Final

from optimizer.command_line.text import MAX_LISTED, align, describe_clash, say_how_many_more
from optimizer.problem import OBJECTIVES
from optimizer.scenarios.comparing import Scenario, ScenarioComparison
from optimizer.scenarios.counts import ScenarioDifference

MAX_RECIPIENTS_NAMED: Final = 5


def describe_scenarios(comparison: ScenarioComparison) -> Iterator[str]:
    """The table of counts; then, scenario by scenario, what it is and who gains and loses by it."""
    scenarios = comparison.scenarios
    yield "the same round under several policies; every value is counted the same way"
    yield from align(
        [
            ("", *(_spell(row.name) for row in scenarios)),
            *_rows_of_values(scenarios),
            *_rows_of_seats(scenarios),
        ]
    )
    yield "* not proven: the search stopped before it was certain, or the policy leaves the objective out"
    yield from _describe_recipients(scenarios)
    for scenario in scenarios:
        yield from _describe_scenario(scenario)


def _rows_of_values(scenarios: Sequence[Scenario]) -> Iterator[tuple[str, ...]]:
    for name in OBJECTIVES:
        marks = [{row.name: f"{row.value}{'' if row.proven else '*'}" for row in s.values} for s in scenarios]
        yield (name, *(by_name.get(name, "-") for by_name in marks))


def _rows_of_seats(scenarios: Sequence[Scenario]) -> Iterator[tuple[str, ...]]:
    yield ("seats placed", *(_number(row.seats_placed) for row in scenarios))
    yield ("of these in firm pairs", *(_number(row.firm_seats_placed) for row in scenarios))
    yield ("recipients reached", *(_number(row.recipients_reached) for row in scenarios))
    yield ("recipients with seats", *(_number(_count_served(row)) for row in scenarios))
    yield ("outcome", *(_spell(row.outcome) for row in scenarios))


def _count_served(scenario: Scenario) -> int | None:
    return sum(row.seats_placed > 0 for row in scenario.recipients) if scenario.has_plan else None


def _describe_recipients(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Each recipient's seats in each scenario, beside those that it asks for."""
    asked = next(({r.recipient: r.seats_asked for r in s.recipients} for s in scenarios if s.has_plan), {})
    if not asked:
        return
    yield "seats placed for each recipient:"
    placed = [{row.recipient: row.seats_placed for row in s.recipients} for s in scenarios]
    rows = [("", "asked", *(_spell(scenario.name) for scenario in scenarios))]
    for recipient in list(asked)[:MAX_LISTED]:
        rows.append((recipient, str(asked[recipient]), *(_number(by_id.get(recipient)) for by_id in placed)))
    yield from align(rows)
    yield from say_how_many_more(len(asked))


def _describe_scenario(scenario: Scenario) -> Iterator[str]:
    title = _spell(scenario.name)
    if scenario.same_as is not None:
        yield f"{title}: the same policy as {_spell(scenario.same_as)}"
        return
    order = ", ".join(scenario.objectives_in_order)
    excluded = "; unknowns excluded" if scenario.unknowns == "exclude" else ""
    yield f"{title}: {order}{excluded}"
    if scenario.clash is not None:
        yield from describe_clash(scenario.clash)
    for other in scenario.dominated_by:
        proof = "" if other.proven else " (not proven)"
        yield f"  no better than {_spell(other.scenario)} in anything, and worse in something{proof}"
    for difference in scenario.differences:
        yield from _describe_difference(difference)


def _describe_difference(difference: ScenarioDifference) -> Iterator[str]:
    yield (
        f"  against {_spell(difference.against)}: matches kept {difference.matches_kept}, "
        f"changed {difference.matches_changed}, added {difference.matches_added}, "
        f"lost {difference.matches_lost}"
    )
    for word, changes in (("gain", difference.gains), ("lose", difference.losses)):
        if changes:
            seats = sum(change.seats for change in changes)
            named = ", ".join(f"{row.recipient} {row.seats}" for row in changes[:MAX_RECIPIENTS_NAMED])
            more = len(changes) - MAX_RECIPIENTS_NAMED
            rest = f" and {more} more" if more > 0 else ""
            yield f"    {len(changes)} {word} {seats} seats: {named}{rest}"


def _spell(name: str) -> str:
    return name.replace("_", " ")


def _number(count: int | None) -> str:
    return "-" if count is None else str(count)
