"""Reading and writing `lcm-scenarios/1`, by the same kind of tables as the other files."""

from typing import Any, Final

from optimizer.errors import InvalidFile
from optimizer.files.lists import Members
from optimizer.files.plan_files import CLASH
from optimizer.files.records import Field, Nested, Rows, Table, read_record, write_record
from optimizer.files.values import Flag, OneOf, Reading, Sha256, Text, Whole
from optimizer.plan import OUTCOMES
from optimizer.problem import OBJECTIVES
from optimizer.scenarios.comparing import (
    NO_PLAN,
    SCENARIOS_FORMAT,
    Dominator,
    Scenario,
    ScenarioComparison,
    ScenarioValue,
)
from optimizer.scenarios.counts import RecipientSeats, ScenarioDifference, SeatsChange

_MOST_VALUE: Final = 10**60
_VALUE: Final = Whole(least=-_MOST_VALUE, most=_MOST_VALUE)
_SEATS: Final = Whole(most=10**18)
_NAME: Final = Text()


def _rows(table: Table) -> Rows:
    return Rows(table, in_order=True)


SCENARIO_VALUE: Final = Table(
    record=ScenarioValue,
    noun="scenario_value",
    fields=(
        Field("name", OneOf(OBJECTIVES)),
        Field("value", _VALUE, "of the scenario's plan, counted alike for all scenarios"),
        Field(
            "bound",
            _VALUE,
            "no plan does better, given the values held before it; null: none known, or not in the policy",
            may_be_null=True,
        ),
        Field("proven", Flag(), "every best plan of the scenario's policy has this value"),
    ),
)
RECIPIENT_SEATS: Final = Table(
    record=RecipientSeats,
    noun="recipient_seats",
    fields=(
        Field("recipient", _NAME),
        Field("seats_asked", _SEATS),
        Field("seats_placed", _SEATS),
        Field("percent", Whole(most=100), "of the seats asked for, rounded down"),
    ),
)
SEATS_CHANGE: Final = Table(
    record=SeatsChange,
    noun="seats_change",
    fields=(Field("recipient", _NAME), Field("seats", Whole(least=1, most=_SEATS.most))),
)
SCENARIO_DIFFERENCE: Final = Table(
    record=ScenarioDifference,
    noun="scenario_difference",
    fields=(
        Field("against", _NAME, "as_set: the round's own policy; previous: the plan last published"),
        Field("gains", _rows(SEATS_CHANGE), "recipients with more seats, most first"),
        Field("losses", _rows(SEATS_CHANGE), "recipients with fewer seats, most first"),
        Field("matches_kept", _SEATS, "with the same seats in both plans"),
        Field("matches_changed", _SEATS, "in both plans, with other seats"),
        Field("matches_added", _SEATS),
        Field("matches_lost", _SEATS),
    ),
)
DOMINATOR: Final = Table(
    record=Dominator,
    noun="dominator",
    fields=(
        Field("scenario", _NAME, "at least as good in every objective, and better in one"),
        Field("proven", Flag(), "every value of both scenarios is proven"),
    ),
)
SCENARIO: Final = Table(
    record=Scenario,
    noun="scenario",
    fields=(
        Field("name", _NAME),
        Field(
            "objectives_in_order",
            Members(OneOf(OBJECTIVES), in_order=True),
            "the policy's; all else in it, but for unknowns, is the round's",
        ),
        Field("unknowns", OneOf(("allow", "exclude"))),
        Field("problem_sha256", Sha256(), "of the round's problem with this scenario's policy"),
        Field("outcome", OneOf((*OUTCOMES, NO_PLAN)), "no_plan: time ran out before there was any"),
        Field("same_as", _NAME, "an earlier scenario with the same policy"),
        Field("stopped_by", _NAME, "null: nothing stopped it"),
        Field("values", _rows(SCENARIO_VALUE), "all eight objectives; empty: there is no plan"),
        Field("seats_placed", _SEATS),
        Field("firm_seats_placed", _SEATS, "those in firm pairs"),
        Field("recipients_reached", _SEATS),
        Field("recipients", _rows(RECIPIENT_SEATS), "all that have a need, by id"),
        Field("differences", _rows(SCENARIO_DIFFERENCE)),
        Field("dominated_by", _rows(DOMINATOR)),
        Field("clash", Nested(CLASH), "null: the pins hold together, or nobody knows"),
    ),
)
SCENARIO_COMPARISON: Final = Table(
    record=ScenarioComparison,
    noun="scenarios",
    format=SCENARIOS_FORMAT,
    fields=(
        Field("problem_sha256", Sha256(), "of the round's problem"),
        Field("scenarios", _rows(SCENARIO), "the first is the round's own policy"),
    ),
)


def scenarios_to_document(comparison: ScenarioComparison) -> dict[str, Any]:
    """The comparison as an `lcm-scenarios/1` document, every key written out."""
    return write_record(comparison, SCENARIO_COMPARISON)


def read_scenarios(document: object) -> ScenarioComparison:
    """The comparison that a JSON document states. Raises `InvalidFile` with all faults of shape found."""
    reading = Reading()
    comparison = read_record(document, SCENARIO_COMPARISON, "", reading)
    if reading.faults:
        raise InvalidFile(reading.all_faults())
    assert isinstance(comparison, ScenarioComparison)
    return comparison
