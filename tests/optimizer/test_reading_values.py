"""What each kind of value may be: lists, words, whole numbers, days, texts (docs/matching.md, section 2)."""

import pytest

from optimizer.files.problem_files import read_problem
from optimizer.problem import (
    FIT_PARTS,
    LEVELS,
    MAX_WHOLE_NUMBER,
    MODES,
    OBJECTIVES,
    PERSONNEL,
    PRIORITIES,
)
from tests.optimizer.sample_files import change, faults_of, is_accepted, sketched_problem, whole_problem


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
