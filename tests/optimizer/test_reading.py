"""What a problem file may say, and what each silence means (docs/matching.md, section 2)."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from optimizer.files.problem_files import load_problem, read_problem
from optimizer.problem import (
    MAX_ROWS,
    Ban,
    Need,
    Offer,
    Pin,
    Place,
    PlanningSeats,
    Policy,
    PreviousSeats,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Score,
    Session,
    Substitution,
    Support,
)
from tests.optimizer.sample_files import (
    change,
    faults_of,
    is_accepted,
    leave_out,
    sketched_problem,
    smallest_problem,
    whole_problem,
)


def test_every_field_of_a_whole_problem_is_read():
    problem = read_problem(whole_problem())
    assert problem.places == (
        Place("Camp Alpha"),
        Place("GHA", ("002", "202", "011")),
        Place("KEN", ("002", "202", "014")),
    )
    assert problem.recipients == (Recipient("XAA", "GHA", frozenset({"AU", "ECOWAS"})), Recipient("XAB"))
    assert problem.providers == (Provider("GBR", 2, 300), Provider("KEN"), Provider("NOR", 0, 0))
    assert problem.substitutions == (Substitution("C-IED", "EOD", 60),)
    assert problem.needs[0] == Need(
        id="N-1",
        recipient="XAA",
        areas=frozenset({"C-IED", "MED"}),
        place="Camp Alpha",
        level="basic",
        personnel=frozenset({"fpu", "troops"}),
        seats=60,
        women=10,
        min_group=12,
        max_groups=3,
        whole=True,
        earliest=date(2027, 3, 1),
        latest=date(2027, 9, 30),
        languages=("fr", "en"),
        modes=("mobile_team", "regional_centre"),
        priority="critical",
    )
    assert problem.offers == (Offer("O-1", "GBR", frozenset({"KEN", "XAB"}), 2, 80),)
    assert problem.sessions[0] == Session(
        id="S-1",
        offer="O-1",
        areas=frozenset({"C-IED"}),
        level="any",
        personnel=frozenset({"any"}),
        women_only=True,
        seats=40,
        min_seats=12,
        max_recipients=3,
        max_per_recipient=20,
        start=date(2027, 4, 5),
        end=date(2027, 4, 16),
        not_before=date(2027, 4, 1),
        not_after=date(2027, 4, 30),
        languages=frozenset({"en", "pt-BR"}),
        mode="regional_centre",
        place="KEN",
        only=frozenset({"002", "ECOWAS"}),
        except_=frozenset({"XAB"}),
        team=True,
        requires=(Requirement("funds", 20000, 900), Requirement("venue", 1, 0)),
    )
    assert problem.supports[0] == Support(
        id="R-1",
        provider="NOR",
        kind="funds",
        quantity=250000,
        per_session=90000,
        from_=date(2027, 1, 1),
        to=date(2027, 12, 31),
        only=frozenset({"ECOWAS"}),
        areas=frozenset({"any"}),
        places=frozenset({"002"}),
        languages=None,
    )
    assert problem.scores == (Score("N-1", "S-1", 90),)
    assert problem.pinned == (Pin("N-1", "S-1", 20, "exactly"),)
    assert problem.forbidden == (Ban("N-1", "S-2"),)
    assert problem.previous == (PreviousSeats("N-1", "S-1", 20),)
    assert problem.policy == Policy(
        objectives=("critical", "quality"),
        weights={"critical": 8, "high": 3, "routine": 1},
        quarters=(4, 4, 2, 0),
        fit={"area": 40, "language": 30, "mode": 15, "proximity": 10, "record": 5},
        planning_seats=PlanningSeats(need=4, session=18),
        reached_seats=15,
        unknowns="exclude",
    )


def test_a_pledge_of_one_sentence_is_a_record_with_nearly_everything_unknown():
    problem = read_problem(sketched_problem())
    assert problem.needs == (Need("N-1", "XAA"),)
    assert problem.needs[0].min_group == 1
    assert problem.needs[0].whole is False
    assert problem.needs[0].priority == "routine"
    assert problem.sessions == (Session("S-1", "O-1"),)
    assert problem.sessions[0].requires is None
    assert problem.offers == (Offer("O-1", "XPA"),)
    assert problem.policy == Policy()


def test_null_means_the_same_as_absent_for_every_field_that_may_be_left_out():
    absent = read_problem(sketched_problem())
    for name in (
        "places",
        "substitutions",
        "supports",
        "scores",
        "pinned",
        "forbidden",
        "previous",
        "policy",
    ):
        assert read_problem(sketched_problem() | {name: None}) == absent
    for record, keys in {
        "recipients[0]": ("place", "groups"),
        "providers[0]": ("teams", "seats"),
        "needs[0]": [
            "areas",
            "place",
            "level",
            "personnel",
            "seats",
            "women",
            "min_group",
            "max_groups",
            "whole",
            "earliest",
            "latest",
            "languages",
            "modes",
            "priority",
        ],
        "offers[0]": ("partners", "max_sessions", "record"),
        "sessions[0]": [
            "areas",
            "level",
            "personnel",
            "women_only",
            "seats",
            "min_seats",
            "max_recipients",
            "max_per_recipient",
            "start",
            "end",
            "not_before",
            "not_after",
            "languages",
            "mode",
            "place",
            "only",
            "except",
            "team",
            "requires",
        ],
    }.items():
        for key in keys:
            assert read_problem(change(sketched_problem(), f"{record}.{key}", None)) == absent, key
    for key in ("objectives", "weights", "quarters", "fit", "planning_seats", "reached_seats", "unknowns"):
        assert read_problem(sketched_problem() | {"policy": {key: None}}) == absent, key


def test_a_pin_without_a_rule_holds_at_least_its_seats():
    document = sketched_problem() | {"pinned": [{"need": "N-1", "session": "S-1", "seats": 3}]}
    assert read_problem(document).pinned == (Pin("N-1", "S-1", 3, "at_least"),)


@pytest.mark.parametrize("name", ["recipients", "providers", "needs", "offers", "sessions"])
def test_a_list_without_which_a_round_would_silently_be_empty_must_be_there(name):
    assert f"{name}: must be stated" in faults_of(leave_out(smallest_problem(), name))
    assert f"{name}: must be stated" in faults_of(smallest_problem() | {name: None})


@pytest.mark.parametrize(
    "path",
    [
        "places[0].id",
        "recipients[0].id",
        "providers[0].id",
        "substitutions[0].need_area",
        "substitutions[0].session_area",
        "substitutions[0].fit",
        "needs[0].id",
        "needs[0].recipient",
        "offers[0].id",
        "offers[0].provider",
        "sessions[0].id",
        "sessions[0].offer",
        "sessions[0].requires[0].kind",
        "supports[0].id",
        "supports[0].provider",
        "supports[0].kind",
        "scores[0].need",
        "scores[0].session",
        "scores[0].fit",
        "pinned[0].need",
        "pinned[0].session",
        "pinned[0].seats",
        "forbidden[0].need",
        "forbidden[0].session",
        "previous[0].need",
        "previous[0].session",
        "previous[0].seats",
        "policy.weights.high",
        "policy.fit.area",
        "policy.planning_seats.need",
        "policy.planning_seats.session",
    ],
)
def test_what_has_no_meaning_when_absent_must_be_stated(path):
    for document in (leave_out(whole_problem(), path), change(whole_problem(), path, None)):
        assert any(fault.startswith(f"{path}: must be stated") for fault in faults_of(document))


def test_a_requirement_states_its_quantity_where_it_states_no_amount_per_seat():
    def requirement(**values: object) -> dict[str, Any]:
        return change(sketched_problem(), "sessions[0].requires", [{"kind": "funds", **values}])

    place = "sessions[0].requires[0].quantity"
    assert faults_of(requirement()) == (f"{place}: must be stated where per_seat is not",)
    assert faults_of(requirement(quantity=None, per_seat=None)) == (
        f"{place}: must be stated where per_seat is not",
    )
    assert read_problem(requirement(per_seat=9)).sessions[0].requires == (Requirement("funds", 0, 9),)
    assert read_problem(requirement(quantity=9)).sessions[0].requires == (Requirement("funds", 9, 0),)
    assert read_problem(requirement(quantity=0)).sessions[0].requires == (Requirement("funds", 0, 0),)


def test_a_session_that_requires_nothing_differs_from_one_of_which_nobody_has_said():
    nothing = read_problem(change(sketched_problem(), "sessions[0].requires", []))
    assert nothing.sessions[0].requires == ()
    assert read_problem(sketched_problem()).sessions[0].requires is None


@pytest.mark.parametrize(
    "path",
    ["", "places[0].", "recipients[0].", "providers[0].", "substitutions[0].", "needs[0].", "offers[0].",
    "sessions[0].",
     "sessions[0].requires[0].", "supports[0].", "scores[0].", "pinned[0].", "forbidden[0].",
     "previous[0].", "policy.", "policy.weights.", "policy.fit.", "policy.planning_seats."],
)  # fmt: skip
def test_an_unknown_key_is_a_fault_wherever_it_stands(path):
    (fault,) = faults_of(change(whole_problem(), f"{path}colour", 1))
    assert fault.startswith(f"{path}colour: is ")


def test_a_mistyped_key_is_answered_with_the_key_that_was_meant():
    assert faults_of(change(sketched_problem(), "needs[0].min_goup", 2)) == (
        'needs[0].min_goup: is not a field of a need; did you mean "min_group"?',
    )


def test_the_policy_keys_that_are_absent_take_their_defaults_and_the_others_are_given_whole():
    problem = read_problem(smallest_problem() | {"policy": {"reached_seats": 7}})
    assert problem.policy == Policy(reached_seats=7)
    document = smallest_problem() | {"policy": {"weights": {"critical": 3, "high": 2}}}
    assert faults_of(document) == ("policy.weights.routine: must be stated, for weights is given whole",)


def test_the_fit_weights_sum_to_100():
    fit = {"area": 40, "language": 30, "mode": 15, "proximity": 10, "record": 4}
    assert faults_of(smallest_problem() | {"policy": {"fit": fit}}) == (
        "policy.fit: must sum to 100, not 99",
    )


def test_quarters_are_four_whole_numbers_that_never_increase():
    def faults(quarters: object) -> tuple[str, ...]:
        return faults_of(smallest_problem() | {"policy": {"quarters": quarters}})

    assert faults([4, 3, 2]) == ("policy.quarters: must hold four whole numbers, not 3 rows",)
    assert faults([1, 2, 2, 2]) == ("policy.quarters[1]: must be at most 1, for quarters never increase",)
    assert faults([4, 3, True, 1]) == ("policy.quarters[2]: must be a whole number, not true",)
    assert is_accepted(smallest_problem() | {"policy": {"quarters": [1, 1, 1, 1]}})


@pytest.mark.parametrize(
    "document", [None, [], "lcm-problem/1", 7, True, {}, {"format": "lcm-problem/2"}, {"format": 1}]
)
def test_a_document_that_is_no_problem_is_refused(document):
    assert faults_of(document)


def test_the_format_is_this_one_and_no_other():
    assert faults_of(smallest_problem() | {"format": "lcm-problem/2"}) == (
        'format: must be "lcm-problem/1", not "lcm-problem/2"',
    )
    assert faults_of(leave_out(smallest_problem(), "format")) == (
        'format: must be "lcm-problem/1", not null',
    )


@pytest.mark.parametrize("value", [{}, "N-1", 3, True, [{"id": "N-1"}, "N-2"]])
def test_a_list_of_records_is_a_list_of_objects(value):
    assert any(fault.startswith("needs") for fault in faults_of(sketched_problem() | {"needs": value}))


def test_all_faults_are_reported_at_once_in_reading_order():
    document = whole_problem()
    for path, value in {
        "needs[0].seats": 0,
        "needs[0].recipient": "nobody",
        "needs[1].level": "expert",
    }.items():
        change(document, path, value)
    change(document, "sessions[1].colour", "blue")
    assert [fault.partition(": ")[0] for fault in faults_of(document)] == [
        "needs[0].recipient",
        "needs[0].seats",
        "needs[1].level",
        "sessions[1].colour",
    ]


def test_more_rows_than_the_limit_are_refused_without_being_read():
    document = sketched_problem() | {"needs": [None] * (MAX_ROWS + 1)}
    assert faults_of(document) == (f"needs: holds {MAX_ROWS + 1} rows; at most {MAX_ROWS} are read",)


def test_a_file_of_faults_reports_a_thousand_and_counts_the_rest():
    faults = faults_of(sketched_problem() | {"needs": [None] * 5_000})
    assert len(faults) == 1_001
    assert faults[-1] == "document: 4000 more faults are not listed"


@pytest.mark.parametrize("shuffle", [list, lambda rows: list(reversed(rows))])
def test_the_order_of_rows_and_of_the_members_of_sets_says_nothing(shuffle: Callable[[Any], Any]):
    document = whole_problem()
    for value in document.values():
        if isinstance(value, list):
            value[:] = shuffle(value)
    for path in ("areas", "personnel"):
        document["needs"][0 if shuffle is list else -1][path].reverse()
    assert read_problem(document) == read_problem(whole_problem())


def test_the_order_of_preference_says_something():
    document = change(whole_problem(), "needs[0].languages", ["en", "fr"])
    assert read_problem(document) != read_problem(whole_problem())


def test_reading_leaves_the_document_as_it_was():
    document = whole_problem()
    read_problem(document)
    assert document == whole_problem()


def test_a_problem_is_loaded_from_a_file(tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(smallest_problem()), encoding="utf-8")
    assert load_problem(path) == load_problem(str(path)) == Problem()
