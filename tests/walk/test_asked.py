"""Between publication and the recipient's agreement a provider reads nothing of it, wherever it looks.

Each route that a provider can read is asked before a plan leaves and after; what is there after and was not
there before must not hold a word of the recipient, its need, the session or its seats.
"""

import json
import re
from typing import Final

import pytest

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, OutboxMessage, Plan
from lcm_service.services import decisions, publish_gate
from lcm_service.services.match_views import NEED_FIELDS_FOR_PROVIDERS
from tests import publishing
from tests.walk.asking import READS, Walk
from tests.walk.cases import all_cases
from tests.walk.names import APPROVED, actor, match_of, participant_id
from tests.walk.reading import Reading, added_lines, read_all
from tests.walk.words import texts_of_need

NEED: Final = "N-0401"
# That a plan is published is no secret; these change by that alone, and hold nothing of any match.
TELL_OF_PUBLICATION: Final = {
    *("rounds.show", "exports.plan_csv", "exports.plan_json", "api-plans.export_plan"),
    *("figures.index", "figures.csv", "help_wanted.index", "api-figures.list_figures"),
}


@pytest.fixture
def before(walk: Walk) -> Reading:
    """What the provider read while the plan was held; now it has left."""
    walk.round = APPROVED
    read = read_all(walk, "provider")
    plan = db.session.query(Plan).filter_by(state="approved").one()
    publishing.end_hold(plan.id)
    assert publish_gate.let_plans_leave(SYSTEM) == 1
    walk.cases = all_cases()
    return read


def traces(walk: Walk, before: Reading) -> list[tuple[str, str]]:
    """Where a provider reads of a match that was not put to it, and which word."""
    found = []
    words = words_of(match_of(NEED))
    for (endpoint, _), new in added_lines(before, read_all(walk, "provider")).items():
        for word in words:
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", new):
                found.append((endpoint, word))
        if new.strip() and endpoint not in TELL_OF_PUBLICATION and not is_none(new):
            found.append((endpoint, "something new"))
    return found


def is_none(answer: str) -> bool:
    """A match that came with the plan is answered as what is not there."""
    return answer.startswith("404")


def words_of(match: Match) -> tuple[str, ...]:
    """What would tell of the match: its need and its words, its session, its recipient by code and name."""
    need = db.session.query(Need).filter_by(reference=match.need_reference).one()
    names = (need.participant.code, *need.participant.names.values())
    seats = (f"{match.seats}", f"{match.seats:,}")
    return (NEED, match.session_code, *seats, *texts_of_need(NEED).values(), *names)


def test_no_page_call_or_export_holds_a_trace(walk: Walk, before: Reading) -> None:
    assert traces(walk, before) == []


def test_the_walk_finds_it_where_the_cut_is_taken_away(walk: Walk, before: Reading) -> None:
    """Planted: else nothing would be found because nothing is looked at."""
    match = match_of(NEED)
    match.put_to_provider_at, match.seats_put = match.created_at, match.seats
    match.known_state, match.state = None, "proposed"
    db.session.commit()
    walk.cases = all_cases()
    found = {endpoint for endpoint, _ in traces(walk, before)}
    assert found >= {
        "matches.index",
        "matches.show",
        "matches.ask_reason",
        "rounds.show",
        "start.index",
        "exports.plan_csv",
        "exports.plan_json",
        "api-matches.list_matches",
        "api-matches.read_match",
        "api-plans.export_plan",
    }


def test_its_part_of_the_plan_is_empty(walk: Walk, before: Reading) -> None:
    rules = {rule.endpoint: rule for rule, _ in walk.rules(READS)}
    plan = next(one for one in reversed(walk.cases["plan"]) if one.state == "published")
    for endpoint in ("exports.plan_json", "api-plans.export_plan"):
        told = json.loads(walk.ask("provider", rules[endpoint], "GET", plan).text)
        assert told["round"]["code"] == APPROVED
        assert [told["plan"][name] for name in ("assignments", "sessions", "questions")] == [[], [], []]
        assert told["labels"]["needs"] == told["labels"]["sessions"] == {}
    rows = walk.ask("provider", rules["exports.plan_csv"], "GET", plan).text
    assert len(rows.splitlines()) == 1


def test_no_message_goes_to_it(walk: Walk, before: Reading) -> None:
    about = [one for one in db.session.query(OutboxMessage) if one.facts.get("match") == match_of(NEED).id]
    assert [(one.kind, one.participant_id) for one in about] == [("match.ask", participant_id("XRA"))]


def test_the_recipient_is_shown_what_the_provider_would_read_and_that_is_all_it_reads(
    walk: Walk, before: Reading
) -> None:
    rules = {rule.endpoint: rule for rule, _ in walk.rules(READS)}
    case = walk.case("match", f"of {NEED}")
    before_button = walk.ask("recipient", rules["matches.show"], "GET", case).text.partition("/consent")[0]
    put = decisions.consent_to_match(actor("recipient"), match_of(NEED).id, match_of(NEED).version)
    read = json.loads(walk.ask("provider", rules["api-matches.read_match"], "GET", case).text)
    told = {name for name, value in read["need"].items() if value is not None}
    assert told <= {"reference", *NEED_FIELDS_FOR_PROVIDERS}
    for value in (put.need_reference, put.session_code, str(put.seats), str(put.need.women)):
        assert re.search(rf">\s*{re.escape(value)}\s*<", before_button), value
