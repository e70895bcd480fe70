"""What must hold between fields, between records and between lists (docs/matching.md, section 2)."""

import pytest

from optimizer.files.problem_files import read_problem
from optimizer.problem import (
    Ban,
)
from tests.optimizer.sample_files import (
    change,
    faults_of,
    is_accepted,
    leave_out,
    sketched_problem,
    whole_problem,
)


def test_a_list_that_is_missing_gives_one_fault_and_not_one_for_every_id_that_refers_to_it():
    assert faults_of(leave_out(whole_problem(), "needs")) == ("needs: must be stated",)


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


def test_a_fault_in_a_record_does_not_make_the_rows_that_name_it_dangle():
    document = change(whole_problem(), "needs[0].seats", "sixty")
    assert len(faults_of(document)) == 1
