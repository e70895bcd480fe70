"""The table of the law holds every route, and nothing else; no route tells of days by a calendar yet."""

from tests.walk.asking import READS, WRITES, Walk
from tests.walk.law import LAW, STRANGER, without_a_law, without_a_route
from tests.walk.presses import PRESSED_ELSEWHERE, PRESSES


def test_every_route_has_a_law_and_every_law_a_route(walk: Walk) -> None:
    assert not without_a_law(walk.app), "Say in law.py who may ask for a new route."
    assert not without_a_route(walk.app)


def test_a_law_is_for_one_method(walk: Walk) -> None:
    asked: dict[str, set[str]] = {}
    for rule, method in walk.rules(READS | WRITES):
        asked.setdefault(rule.endpoint, set()).add(method)
    assert not {endpoint for endpoint, methods in asked.items() if len(methods) > 1}


def test_every_route_that_writes_says_what_is_sent(walk: Walk) -> None:
    writing = {rule.endpoint for rule, _ in walk.rules(WRITES)}
    assert writing == set(PRESSES) | set(PRESSED_ELSEWHERE), "Say in presses.py what is sent to a new route."
    assert not set(PRESSES) & set(PRESSED_ELSEWHERE)


def test_the_one_calendar_is_a_page_of_who_is_signed_in(walk: Walk) -> None:
    """One that is read by a secret address, without signing in, would need a rule of its own in the walk."""
    for rule, method in walk.rules(READS):
        for case in walk.cases_of(rule)[:1]:
            reader = "recipient" if rule.endpoint == "calendar.file" else "coordinator"
            answer = walk.ask(reader, rule, method, case)
            assert (answer.mimetype == "text/calendar") == (rule.endpoint == "calendar.file"), rule.rule
    assert [rule.endpoint for rule, _ in walk.rules(READS) if rule.rule.endswith(".ics")] == ["calendar.file"]
    assert not LAW["calendar.file"] & STRANGER
