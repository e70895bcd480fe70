"""Whoever may press is heard; not by a token that is good for reading alone, nor for another side, nor in
another participant's name.
"""

from typing import Any

import pytest

from tests.walk.asking import READS, WRITES, Walk, may
from tests.walk.cases import kind_of, relations
from tests.walk.law import LAW
from tests.walk.names import OWNERS, PARTICIPANT_OF, ROLE_OF_OWNER, ROUND, SCENES
from tests.walk.presses import PRESSES
from tests.walk.walking import Journey, as_lines, chosen
from tests.walk.words import FOCAL_POINTS
from tests.web.test_all_pages import fingerprint

HEARD = {200, 201, 202, 204, 303}


def rule_of(walk: Walk, endpoint: str) -> tuple[Any, str]:
    return next(one for one in walk.rules(READS | WRITES) if one[0].endpoint == endpoint)


@pytest.mark.parametrize("endpoint", sorted(PRESSES))
def test_whoever_may_press_is_heard_and_told_nothing_of_others(walk: Walk, endpoint: str) -> None:
    """Else others would be refused because nobody can press so."""
    rule, method = rule_of(walk, endpoint)
    press, kind = PRESSES[endpoint], kind_of(rule)
    case = walk.case(kind, press.state) if kind else None
    assert may(press.by, rule, case)
    before, journey = fingerprint(), Journey(walk, press.by)
    answer = journey.be_heard(rule, method, case)
    assert answer.status_code in HEARD, answer.text
    assert fingerprint() != before
    assert not journey.faults, as_lines(journey.faults)


@pytest.mark.parametrize("area", ["matches.confirm", "api-matches.confirm_match"])
def test_a_provider_that_presses_again_reads_no_more_than_it_knew(walk: Walk, area: str) -> None:
    """Its recipient is asked for more seats in secret."""
    journey = Journey(walk, "provider")
    answer = journey.be_heard(*rule_of(walk, area), walk.case("match", "grown"))
    assert answer.status_code in HEARD, answer.text
    assert not journey.faults, as_lines(journey.faults)


@pytest.mark.parametrize("role", ["recipient", "provider", "funder", "coordinator"])
def test_a_token_to_read_writes_nothing(walk: Walk, role: str) -> None:
    before, wrong = fingerprint(), []
    for rule, method in walk.rules(WRITES):
        if rule.rule.startswith("/api"):
            for case in chosen(walk.cases_of(rule), rule, role):
                answer = walk.ask(role, rule, method, case, scope="read")
                if answer.status_code != 403:
                    wrong.append((rule.endpoint, case and case.name, answer.status_code))
    assert not wrong, wrong
    assert fingerprint() == before


@pytest.mark.parametrize("role", ["recipient", "provider"])
def test_nobody_answers_for_the_other_side(walk: Walk, role: str) -> None:
    """Each press that names a side, with a side that is not the presser's own."""
    before, asked = fingerprint(), 0
    for endpoint, press in PRESSES.items():
        if "side" not in press.sent:
            continue
        rule, method = rule_of(walk, endpoint)
        for side in {"recipient", "provider", "secretariat"} - {role}:
            answer = walk.ask(role, rule, method, walk.case("match", press.state), change={"side": side})
            # Of a course nobody reports as the secretariat, so a program learns that there is no such side.
            is_no_side = side == "secretariat" and endpoint.startswith("api-deliveries.")
            assert answer.status_code == (422 if is_no_side else 403), (endpoint, side)
            asked += 1
    assert asked == 2 * len([one for one in PRESSES.values() if "side" in one.sent]) >= 28
    assert fingerprint() == before


@pytest.mark.parametrize("role", ["recipient", "provider", "funder", "other"])
@pytest.mark.parametrize("kind", ["need", "offer", "support"])
def test_nobody_submits_in_the_name_of_others(walk: Walk, role: str, kind: str) -> None:
    """A program that names another participant is refused; a page has no such field, so it says so."""
    before = fingerprint()
    others = [code for code in dict.fromkeys(PARTICIPANT_OF.values()) if code != PARTICIPANT_OF[role]]
    for state in ("draft", "submitted"):
        for code in others[:2]:
            named = {"participant": code, "state": state}
            call = walk.ask(role, *rule_of(walk, f"api-{kind}s.submit_{kind}"), change=named)
            assert call.status_code == 403
            none = walk.ask(
                role, *rule_of(walk, f"api-{kind}s.submit_{kind}"), change=named | {"participant": "XNO"}
            )
            assert none.text.replace("XNO", code) == call.text
    assert fingerprint() == before
    page = walk.ask(role, *rule_of(walk, f"{kind}s.submit"), change={"participant": OWNERS[kind]})
    assert page.status_code == 303
    own = walk.ask(role, *rule_of(walk, f"{kind}s.index"))
    assert page.location.rpartition("/")[2] in own.text
    if PARTICIPANT_OF[role] != OWNERS[kind]:
        with_owner = walk.ask(ROLE_OF_OWNER[kind], *rule_of(walk, "needs.index"))
        assert page.location.rpartition("/")[2] not in with_owner.text


@pytest.mark.parametrize("role", [one for one in FOCAL_POINTS if one != "provider"])
def test_nobody_records_the_activities_of_others(walk: Walk, role: str) -> None:
    before = fingerprint()
    for endpoint in ("activities.record", "api-activities.record_activity"):
        assert walk.ask(role, *rule_of(walk, endpoint)).status_code == 403
    assert fingerprint() == before


def test_a_lead_invites_for_its_own_participant_alone(walk: Walk) -> None:
    """The form of a lead has no field for the participant or the role; what is sent along is not read."""
    more = {"participant_code": "XPA", "role": "coordinator", "is_lead": "yes"}
    walk.ask("recipient", *rule_of(walk, "people.invite"), change=more)
    people = walk.ask("recipient", *rule_of(walk, "people.index")).text
    assert "new@example.org" in people
    assert "new@example.org" not in walk.ask("provider", *rule_of(walk, "people.index")).text


@pytest.mark.parametrize("role", FOCAL_POINTS)
def test_a_search_among_the_records_of_others_finds_what_a_search_for_none_finds(
    walk: Walk, role: str
) -> None:
    """Lists of programs take a participant and a place to go on from; both lead nowhere."""
    path, headers = "/api/v1/needs/", walk.headers_of(role)
    others = {"XRA": "XRB"}.get(PARTICIPANT_OF[role], "XRA")
    need = SCENES["asked"] if others == "XRA" else "N-0182"
    program = walk.app.test_client(use_cookies=False)

    def search(**query: str) -> tuple[int, str]:
        answer = program.get(path, headers=headers, query_string={"round": ROUND, **query})
        return answer.status_code, answer.text

    for name, there, none in (("participant", others, "XNO"), ("after", need, "N-9999")):
        (status, text), (no_status, no_text) = search(**{name: there}), search(**{name: none})
        assert (status, text.replace(there, none)) == (no_status, no_text), name


def test_the_law_and_the_relations_name_the_same_things(walk: Walk) -> None:
    """A relation that no reader has would refuse everybody in silence."""
    known = {"nobody", "observer", "administrator", "coordinator", "stranger"}
    for cases in walk.cases.values():
        for case in cases:
            for role in FOCAL_POINTS:
                known |= relations(role, case)
    assert set().union(*LAW.values()) <= known
