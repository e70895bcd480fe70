"""What a problem file may say, and what each silence means (docs/matching.md, section 2)."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from optimizer.errors import InvalidFile
from optimizer.problem import (
    FIT_PARTS,
    LEVELS,
    MAX_ROWS,
    MAX_WHOLE_NUMBER,
    MODES,
    OBJECTIVES,
    PERSONNEL,
    PRIORITIES,
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
from optimizer.reading import load_problem, read_problem
from tests.optimizer.sample_files import change, leave_out, sketched_problem, smallest_problem, whole_problem


def faults_of(document: object) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as refused:
        read_problem(document)
    return refused.value.faults


def is_accepted(document: object) -> bool:
    try:
        read_problem(document)
    except InvalidFile:
        return False
    return True


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


def test_a_list_that_is_missing_gives_one_fault_and_not_one_for_every_id_that_refers_to_it():
    assert faults_of(leave_out(whole_problem(), "needs")) == ("needs: must be stated",)


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
    [
        "needs[0].areas",
        "needs[0].personnel",
        "needs[0].languages",
        "needs[0].modes",
        "sessions[0].areas",
        "sessions[0].personnel",
        "sessions[0].languages",
        "sessions[0].only",
        "supports[0].only",
        "supports[0].areas",
        "supports[0].places",
        "supports[0].languages",
        "policy.objectives",
    ],
)
def test_an_empty_list_says_neither_none_nor_unknown_and_is_a_fault(path):
    (fault,) = faults_of(change(whole_problem(), path, []))
    assert fault.startswith(f"{path}: must not be an empty list")


@pytest.mark.parametrize(
    "path",
    [
        "places[0].regions",
        "recipients[0].groups",
        "offers[0].partners",
        "sessions[0].except",
        "sessions[0].requires",
    ],
)
def test_an_empty_list_where_it_says_none_is_accepted(path):
    assert is_accepted(change(whole_problem(), path, []))


@pytest.mark.parametrize(
    "path",
    [
        "needs[0].areas",
        "needs[0].personnel",
        "needs[0].languages",
        "needs[0].modes",
        "sessions[0].areas",
        "sessions[0].personnel",
        "sessions[0].languages",
        "sessions[0].only",
        "supports[0].only",
        "supports[0].areas",
        "supports[0].places",
    ],
)
def test_any_is_an_answer_that_stands_alone_in_its_list(path):
    assert is_accepted(change(whole_problem(), path, ["any"]))
    for mixed in (["any", "fr"], ["fr", "any"], ["any", "any"]):
        assert faults_of(change(whole_problem(), path, mixed)) == (
            f'{path}: "any" must stand alone in its list',
        )


@pytest.mark.parametrize("path", ["needs[0].level", "sessions[0].level", "sessions[0].mode"])
def test_any_is_an_answer_for_a_level_and_for_the_mode_of_a_session(path):
    assert is_accepted(change(whole_problem(), path, "any"))


@pytest.mark.parametrize(
    "path",
    [
        "recipients[0].groups",
        "places[0].regions",
        "sessions[0].except",
        "supports[0].languages",
    ],
)
def test_any_names_nothing_where_a_list_names_things(path):
    (fault,) = faults_of(change(whole_problem(), path, ["any"]))
    assert fault.startswith(f'{path}[0]: must not be "any"')


def test_a_member_that_a_set_names_twice_counts_once():
    document = change(whole_problem(), "needs[0].areas", ["MED", "C-IED", "MED"])
    assert read_problem(document) == read_problem(whole_problem())


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("needs[0].languages", ["fr", "en", "fr"]),
        ("needs[0].languages", ["fr", "en", "FR"]),
        ("needs[0].modes", ["online", "in_country", "online"]),
        ("policy.objectives", ["critical", "quality", "critical"]),
        ("places[0].regions", ["002", "202", "002"]),
    ],
)
def test_a_member_that_a_list_in_order_names_twice_is_a_fault(path, members):
    (fault,) = faults_of(change(whole_problem(), path, members))
    assert fault.startswith(f"{path}[2]: ")
    assert fault.endswith("appears twice in a list in order")


def test_language_tags_are_kept_as_they_were_written():
    problem = read_problem(change(whole_problem(), "needs[0].languages", ["fr-FR", "fr", "EN"]))
    assert problem.needs[0].languages == ("fr-FR", "fr", "EN")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("needs[0].level", LEVELS),
        ("sessions[0].level", LEVELS),
        ("sessions[0].mode", MODES),
        ("needs[0].priority", PRIORITIES),
        ("pinned[0].rule", ("at_least", "exactly")),
        ("policy.unknowns", ("allow", "exclude")),
    ],
)
def test_each_word_of_the_contract_is_read_and_no_other(path, words):
    for word in words:
        assert is_accepted(change(whole_problem(), path, word))
    for word in ("", "Basic", f"{words[0]} ", words[0].upper(), 1, [words[0]], True):
        (fault,) = faults_of(change(whole_problem(), path, word))
        assert fault.startswith(f"{path}: must be one of ")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("needs[0].personnel", PERSONNEL),
        ("sessions[0].personnel", PERSONNEL),
        ("needs[0].modes", MODES),
        ("policy.objectives", OBJECTIVES),
    ],
)
def test_a_list_of_words_holds_words_of_the_contract_and_no_other(path, words):
    assert is_accepted(change(whole_problem(), path, list(words)))
    (fault,) = faults_of(change(whole_problem(), path, [words[0], "cavalry"]))
    assert fault.startswith(f"{path}[1]: must be one of ")


AT_LEAST_1 = [
    "needs[0].seats",
    "needs[0].min_group",
    "needs[0].max_groups",
    "sessions[0].seats",
    "sessions[0].min_seats",
    "sessions[0].max_recipients",
    "sessions[0].max_per_recipient",
    "pinned[0].seats",
    "previous[0].seats",
    "policy.reached_seats",
    "policy.planning_seats.need",
    "policy.planning_seats.session",
    "substitutions[0].fit",
]
AT_LEAST_0 = [
    "needs[0].women",
    "providers[0].teams",
    "providers[0].seats",
    "offers[0].max_sessions",
    "offers[0].record",
    "sessions[0].requires[0].quantity",
    "sessions[0].requires[0].per_seat",
    "supports[0].quantity",
    "supports[0].per_session",
    "scores[0].fit",
    "policy.weights.routine",
    "policy.quarters[3]",
    "policy.fit.record",
]
WHOLE_NUMBERS = [(path, 1) for path in AT_LEAST_1] + [(path, 0) for path in AT_LEAST_0]


@pytest.mark.parametrize(("path", "least"), WHOLE_NUMBERS)
def test_a_whole_number_has_a_least_value(path, least):
    assert f"{path}: must be at least {least}" in faults_of(change(whole_problem(), path, least - 1))
    if path.startswith("policy.fit"):
        assert is_accepted(whole_problem() | {"policy": {"fit": dict.fromkeys(FIT_PARTS, 20)}})
    else:
        document = change(whole_problem(), "needs[0].women", 0)
        if path in ("needs[0].seats", "sessions[0].seats"):
            document = change(change(document, "needs[0].min_group", 1), "sessions[0].min_seats", 1)
        assert is_accepted(change(document, path, least))


@pytest.mark.parametrize(("path", "least"), WHOLE_NUMBERS)
def test_a_whole_number_has_a_greatest_value(path, least):
    most = {
        "offers[0].record": 100,
        "scores[0].fit": 100,
        "policy.fit.record": 100,
        "substitutions[0].fit": 99,
    }
    limit = most.get(path, MAX_WHOLE_NUMBER)
    assert f"{path}: must be at most {limit}" in faults_of(change(whole_problem(), path, limit + 1))


@pytest.mark.parametrize(("path", "least"), WHOLE_NUMBERS)
@pytest.mark.parametrize("value", [True, 5.0, 5.5, float("nan"), float("inf"), "5", [5], {"seats": 5}])
def test_nothing_but_a_whole_number_is_taken_for_one(path, least, value):
    assert any(
        fault.startswith(f"{path}: must be a whole number, not ")
        for fault in faults_of(change(whole_problem(), path, value))
    )


@pytest.mark.parametrize("path", ["needs[0].whole", "sessions[0].women_only", "sessions[0].team"])
@pytest.mark.parametrize("value", [0, 1, "true", "", []])
def test_nothing_but_true_and_false_is_taken_for_an_answer_of_yes_or_no(path, value):
    (fault,) = faults_of(change(whole_problem(), path, value))
    assert fault.startswith(f"{path}: must be true or false, not ")


DAYS = [
    "needs[0].earliest",
    "needs[0].latest",
    "sessions[0].start",
    "sessions[0].end",
    "sessions[0].not_before",
    "sessions[0].not_after",
    "supports[0].from",
    "supports[0].to",
]


@pytest.mark.parametrize("path", DAYS)
@pytest.mark.parametrize(
    "value",
    [
        "20270301",
        "2027-3-1",
        "2027-W09-1",
        "2027-060",
        "2027-03",
        "2027-03-01T00:00:00",
        " 2027-03-01",
        "2027-03-01\n",
        "01/03/2027",
        "٢٠٢٧-٠٣-٠١",
        "",
        20270301,
        True,
        ["2027-03-01"],
    ],
)
def test_a_day_is_written_in_one_way(path, value):
    (fault,) = faults_of(change(whole_problem(), path, value))
    assert fault.startswith(f"{path}: must be a day written YYYY-MM-DD, not ")


@pytest.mark.parametrize("value", ["2027-02-29", "2027-13-01", "2027-00-10", "2027-01-32", "0000-01-01"])
def test_a_day_is_one_that_the_calendar_has(value):
    (fault,) = faults_of(change(whole_problem(), "sessions[0].start", value))
    assert fault == f'sessions[0].start: "{value}" is not a day of the calendar'


@pytest.mark.parametrize("path", ["needs[0].id", "needs[0].areas[0]", "sessions[0].requires[0].kind"])
@pytest.mark.parametrize("value", [1, True, 2.5, [], {}])
def test_nothing_but_a_text_is_taken_for_one(path, value):
    assert any(
        fault.startswith(f"{path}: must be a text, not ")
        for fault in faults_of(change(whole_problem(), path, value))
    )


def test_a_text_is_not_empty_and_is_one_that_utf_8_can_hold():
    assert "needs[0].id: must not be empty" in faults_of(change(whole_problem(), "needs[0].id", ""))
    faults = faults_of(change(whole_problem(), "needs[0].id", "N-\ud800"))
    assert "needs[0].id: holds half of a surrogate pair" in faults[0]
    assert all(fault.isprintable() for fault in faults)


def test_ids_are_free_texts():
    document = sketched_problem() | {
        "recipients": [{"id": "Training school, Accra (2)"}],
        "needs": [{"id": "besoin n° 1 / ١", "recipient": "Training school, Accra (2)"}],
    }
    assert read_problem(document).needs[0].id == "besoin n° 1 / ١"


@pytest.mark.parametrize(
    ("record", "lower", "upper", "values"),
    [
        ("needs[0]", "women", "seats", (61, 60)),
        ("needs[0]", "min_group", "seats", (61, 60)),
        ("sessions[0]", "min_seats", "seats", (41, 40)),
    ],
)
def test_a_part_is_not_more_than_the_whole(record, lower, upper, values):
    above, whole = values
    document = change(change(whole_problem(), f"{record}.{lower}", above), f"{record}.{upper}", whole)
    assert faults_of(document) == (f"{record}.{lower}: must be at most {upper} ({whole}), not {above}",)
    assert is_accepted(change(document, f"{record}.{lower}", whole))
    assert is_accepted(change(document, f"{record}.{upper}", None)), (
        "nothing is exceeded where seats are unknown"
    )


@pytest.mark.parametrize(
    ("record", "first", "last"),
    [
        ("needs[0]", "earliest", "latest"),
        ("sessions[0]", "start", "end"),
        ("sessions[0]", "not_before", "not_after"),
        ("supports[0]", "from", "to"),
    ],
)
def test_what_ends_does_not_end_before_it_starts(record, first, last):
    document = change(
        change(whole_problem(), f"{record}.{first}", "2027-05-02"), f"{record}.{last}", "2027-05-01"
    )
    (fault,) = faults_of(document)
    assert fault == f"{record}.{last}: must not be before {first} (2027-05-02), but is 2027-05-01"
    assert is_accepted(change(document, f"{record}.{last}", "2027-05-02"))
    assert is_accepted(change(document, f"{record}.{last}", None))


@pytest.mark.parametrize(
    ("path", "lists"),
    [
        ("recipients[0].place", "places"),
        ("needs[0].recipient", "recipients"),
        ("needs[0].place", "places"),
        ("offers[0].provider", "providers"),
        ("offers[0].partners[0]", "providers or recipients"),
        ("sessions[0].offer", "offers"),
        ("sessions[0].place", "places"),
        ("supports[0].provider", "providers"),
        ("scores[0].need", "needs"),
        ("scores[0].session", "sessions"),
        ("pinned[0].need", "needs"),
        ("pinned[0].session", "sessions"),
        ("forbidden[0].need", "needs"),
        ("forbidden[0].session", "sessions"),
        ("previous[0].need", "needs"),
        ("previous[0].session", "sessions"),
    ],
)
def test_every_id_that_is_used_is_declared(path, lists):
    assert faults_of(change(whole_problem(), path, "nobody")) == (
        f'{path}: "nobody" is not declared in {lists}',
    )


def test_codes_in_only_except_and_places_need_no_declaration_for_others_may_answer_to_them():
    document = change(whole_problem(), "sessions[0].only", ["019", "CARICOM", "XZZ"])
    document = change(document, "sessions[0].except", ["XZZ"])
    assert is_accepted(change(document, "supports[0].places", ["019"]))


@pytest.mark.parametrize(
    "name", ["places", "recipients", "providers", "needs", "offers", "sessions", "supports"]
)
def test_an_id_is_unique_in_its_list(name):
    document = whole_problem()
    document[name].append(dict(document[name][0]))
    last = len(document[name]) - 1
    id = document[name][0]["id"]
    assert faults_of(document) == (f'{name}[{last}].id: "{id}" is the id of {name}[0] already',)


@pytest.mark.parametrize("name", ["substitutions", "scores", "pinned", "forbidden", "previous"])
def test_a_pair_has_one_row_in_a_list(name):
    document = whole_problem()
    document[name].append(dict(document[name][0]))
    (fault,) = faults_of(document)
    assert fault.startswith(f"{name}[1].need")
    assert fault.endswith(f"of {name}[0] already")


def test_a_pair_may_be_pinned_and_forbidden_for_that_is_a_clash_and_no_fault_of_the_file():
    document = whole_problem() | {"forbidden": [{"need": "N-1", "session": "S-1"}]}
    assert read_problem(document).forbidden == (Ban("N-1", "S-1"),)


def test_the_same_text_may_be_the_id_of_a_place_a_provider_and_a_recipient():
    document = sketched_problem() | {
        "places": [{"id": "XAA"}],
        "recipients": [{"id": "XAA", "place": "XAA"}],
        "providers": [{"id": "XAA"}, {"id": "XPA"}],
    }
    assert is_accepted(document)


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


def test_a_fault_in_a_record_does_not_make_the_rows_that_name_it_dangle():
    document = change(whole_problem(), "needs[0].seats", "sixty")
    assert len(faults_of(document)) == 1


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
