"""Two recipients of one session, its provider, who funds it and who hosts it: what the pages show each of
them of the others, before and after all have confirmed.
"""

import re
from typing import Final

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Round
from lcm_service.services import decisions, matching, parties
from tests import publishing
from tests.service import matching_rounds
from tests.walk import courses, records
from tests.walk.asking import READS, Walk
from tests.walk.cases import Case, all_cases
from tests.walk.names import CO_RECIPIENTS, ROUND, SCENES, actor, match_of

# (state of the course, reader) -> whom else it may read of there.
NEEDS: Final = {"recipient": SCENES, "co_recipient": CO_RECIPIENTS}
STATES_OF: Final = {"recipient": "State XRA", "co_recipient": "State XRB"}
PARTY_PAGES: Final = (
    "parts.index",
    "parts.show",
    "parts.ask_reason",
    "api-parts.list_parts",
    "api-parts.read_part",
)
MATCH_PAGES: Final = (
    "matches.show",
    "matches.ask_fewer",
    "matches.ask_reason",
    "deliveries.ask_delivered",
    "api-matches.read_match",
)


def pages(walk: Walk, role: str, endpoints: tuple[str, ...], case: Case) -> str:
    """What a reader reads of one record on all of these pages."""
    rules = {rule.endpoint: rule for rule, _ in walk.rules(READS)}
    answers = [walk.ask(role, rules[endpoint], "GET", case) for endpoint in endpoints]
    assert {answer.status_code for answer in answers} <= {200, 409}
    return "\n".join(answer.text for answer in answers)


def match_case(walk: Walk, role: str, state: str) -> Case:
    number = str(match_of(NEEDS[role][state]).id)
    return next(one for one in walk.cases["match"] if one.value == number)


def part_case(walk: Walk, state: str, support: str) -> Case:
    session = match_of(SCENES[state]).session_code
    (part,) = [
        one
        for one in parties.list_parts(actor("coordinator"), ROUND)
        if one.session.code == session and one.support_reference == support
    ]
    return next(one for one in walk.cases["part"] if one.value == str(part.id))


def other(role: str) -> str:
    return {"recipient": "co_recipient", "co_recipient": "recipient"}[role]


@pytest.mark.parametrize("role", ["recipient", "co_recipient"])
class TestRecipients:
    def test_do_not_read_of_each_other_while_something_is_open(self, walk: Walk, role: str) -> None:
        read = pages(walk, role, MATCH_PAGES, match_case(walk, role, "waiting"))
        assert STATES_OF[role] in read
        assert STATES_OF[other(role)] not in read
        assert NEEDS[other(role)]["waiting"] not in read

    def test_read_name_and_seats_of_each_other_once_all_is_agreed_and_not_the_need(
        self, walk: Walk, role: str
    ) -> None:
        read = pages(walk, role, MATCH_PAGES, match_case(walk, role, "met"))
        assert STATES_OF[other(role)] in read
        assert NEEDS[other(role)]["met"] not in read

    def test_meet_in_the_moment_in_which_the_last_one_agrees(self, walk: Walk, role: str) -> None:
        """All but one confirm: nobody reads of anybody; the last press shows both to each other."""
        own, last = NEEDS[role]["waiting"], NEEDS[other(role)]["waiting"]
        for need in (own, last):
            courses.confirm(need, "provider")
        part = part_case(walk, "waiting", "R-0101")
        parties.confirm_part(actor("funder"), int(part.value), part.version)
        courses.confirm(own, "recipient", by=role)
        courses.confirm(own, "secretariat")
        courses.confirm(last, "recipient", by=other(role))
        case = match_case(walk, role, "waiting")
        assert STATES_OF[other(role)] not in pages(walk, role, MATCH_PAGES, case)
        courses.confirm(last, "secretariat")
        assert STATES_OF[other(role)] in pages(walk, role, MATCH_PAGES, case)

    def test_read_who_funds_and_not_how_much(self, walk: Walk, role: str) -> None:
        for state in ("waiting", "met"):
            read = pages(walk, role, MATCH_PAGES, match_case(walk, role, state))
            assert "State XFA" in read
            assert not amounts_in(read)


def test_whoever_comes_later_reads_of_nobody_and_is_read_of_by_nobody(walk: Walk) -> None:
    """A third recipient is planned in a session where two have met, and agrees to be put."""
    late, coordinator = "N-0199", actor("coordinator")
    round_ = db.session.query(Round).filter_by(code=ROUND).one()
    records.make_need(late, round_, records.subject_of("met"), owner="XUN", seats_asked=20)
    matching_rounds.solve_waiting_runs()
    run = matching.request_run(coordinator, ROUND, idempotency_key="once-more")
    matching_rounds.solve_waiting_runs()
    plan = matching_rounds.plan_of(coordinator, matching.find_run(coordinator, run.id))
    publishing.publish_plan(coordinator, plan.id, plan.version)
    courses.consent(late, by="other")
    walk.cases = all_cases()
    case = next(one for one in walk.cases["match"] if one.value == str(match_of(late).id))
    read = pages(walk, "other", MATCH_PAGES, case)
    assert "State XUN" in read
    assert not [named for named in STATES_OF.values() if named in read]
    for role in NEEDS:
        read = pages(walk, role, MATCH_PAGES, match_case(walk, role, "met"))
        assert STATES_OF[other(role)] in read
        assert "State XUN" not in read


@pytest.mark.parametrize("state", ["waiting", "met"])
class TestGivers:
    def test_read_totals_and_no_recipient_whatever_is_confirmed(self, walk: Walk, state: str) -> None:
        read = pages(walk, "funder", PARTY_PAGES, part_case(walk, state, "R-0101"))
        assert amounts_in(read)
        assert re.search(r"\b40\b", read)
        for role, named in STATES_OF.items():
            assert named not in read
            assert NEEDS[role][state] not in read

    def test_nobody_else_reads_a_part(self, walk: Walk, state: str) -> None:
        case = part_case(walk, state, "R-0101")
        rules = {rule.endpoint: rule for rule, _ in walk.rules(READS)}
        for role in ("recipient", "co_recipient", "provider", "host", "other", "observer"):
            for endpoint in ("parts.show", "api-parts.read_part"):
                assert walk.ask(role, rules[endpoint], "GET", case).status_code == 404


def test_who_hosts_reads_nothing_of_who_funds(walk: Walk) -> None:
    read = pages(walk, "host", PARTY_PAGES, part_case(walk, "met", "R-0102"))
    assert "State XFA" not in read
    assert "R-0101" not in read


def test_what_a_part_asks_does_not_fall_as_a_recipient_leaves(walk: Walk) -> None:
    """The difference would be that recipient's seats."""
    case = part_case(walk, "waiting", "R-0101")
    before = pages(walk, "funder", PARTY_PAGES, case)
    match = match_of(CO_RECIPIENTS["waiting"])
    decisions.decline_match(actor("co_recipient"), match.id, "recipient", "dates", match.version)
    assert amounts_in(pages(walk, "funder", PARTY_PAGES, case)) == amounts_in(before)


def amounts_in(text: str) -> set[str]:
    """The dollars of a part: a thousand for the session and a hundred for each of its forty seats."""
    return set(re.findall(r"\b[35][,\u202f\u00a0]?000\b", text))
