"""Between publication and the recipient's agreement a provider reads nothing of it, wherever it looks.

Each route that a provider can read is asked before a plan is published and after; what is there after and was
not there before must not hold a word of the recipient, its need, the session or its seats.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from lcm_service.mail.texts import write_text
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, OutboxMessage
from lcm_service.services import accounts, decisions, tokens
from lcm_service.services.match_views import NEED_FIELDS_FOR_PROVIDERS
from tests.fixtures import key_of_new_sign_in, made_once
from tests.web import world
from tests.web.test_permission_walk import (
    READS,
    WRITES,
    Walk,
    build_draft,
    build_walk,
    make_walk,
    routes,
    secrets_of,
)

# What these show is a person's own, and holds times and keys of its own.
OWN_AREAS: Final = ("own_account.", "account.", "people.", "static")
# That a plan is published is no secret; these change by that alone, and hold nothing of any match.
TELL_OF_PUBLICATION: Final = {"rounds.show", "exports.plan_csv", "exports.plan_json", "api-plans.export_plan"}
NO_SUCH_MATCH: Final = "999999"


@pytest.fixture(scope="session")
def asked_template(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def build(path: Path) -> None:
        build_walk(world_template, path, is_put=False)

    return made_once(tmp_path_factory, "walk-asked.sqlite3", build)


@pytest.fixture(scope="session")
def draft_template(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "walk-draft.sqlite3", lambda path: build_draft(world_template, path))


@pytest.fixture
def asked(asked_template: Path, tmp_path: Path) -> Iterator[Walk]:
    """A published plan of which nobody has agreed to anything yet."""
    path = tmp_path / "asked.sqlite3"
    shutil.copyfile(asked_template, path)
    app = world.open_world(path)
    with app.app_context():
        yield make_walk(app, provides_only=True)
        db.session.remove()
        db.engine.dispose()


def read_all(walk: Walk) -> dict[str, str]:
    """What a provider is answered by each route, without what is about the asking."""
    told = {}
    for rule, method in routes(walk.app, READS):
        answer = walk.ask("provider", rule, method)
        told[rule.endpoint] = f"{answer.status_code}\n{without_token(answer)}"
    return told


def words_of(match: Match, need: Need) -> tuple[str, ...]:
    """What would tell of the match: its need and its words, its session, its recipient by code and name."""
    names = {name for name in need.participant.names.values() if len(name) > 2}
    return (*words_of_need(match, need), need.participant.code, *names)


def words_of_need(match: Match, need: Need) -> tuple[str, ...]:
    return (need.reference, *secrets_of(need.reference), match.session_code)


def added(before: str, after: str) -> str:
    known = set(before.splitlines())
    return "\n".join(line for line in after.splitlines() if line not in known)


def traces(walk: Walk, before: dict[str, str]) -> list[tuple[str, str]]:
    """Where a provider reads of a match that was not put to it, and which word."""
    match = db.session.get_one(Match, int(walk.numbers["match_id"]))
    need = db.session.query(Need).filter_by(reference=walk.need).one()
    words = words_of(match, need)
    found = []
    for endpoint, text in read_all(walk).items():
        is_own = endpoint.startswith(OWN_AREAS)
        new = text if is_own else added(before.get(endpoint, ""), text)
        # A person's own pages name the participants that it may write to, whatever is matched.
        for word in words_of_need(match, need) if is_own else words:
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", new):
                found.append((endpoint, word))
        if new.strip() and not is_own and endpoint not in TELL_OF_PUBLICATION:
            found.append((endpoint, "something new"))
        if not is_own and "plan" not in endpoint and re.search(rf">\s*{match.seats}\s*<", new):
            found.append((endpoint, f"{match.seats} seats"))
    return found


class TestBetweenPublicationAndAgreement:
    @pytest.fixture
    def before(self, asked: Walk, draft_template: Path, tmp_path: Path) -> dict[str, str]:
        """What the same provider read when the plan was a draft."""
        path = tmp_path / "draft.sqlite3"
        shutil.copyfile(draft_template, path)
        app = world.open_world(path)
        code = asked.people["provider"].participant.code
        with app.app_context():
            app.config["WTF_CSRF_ENABLED"] = False
            person = world.focal_point_of(code)
            key = key_of_new_sign_in(person)
            actor = accounts.actor_of(person)
            token = tokens.create_api_token(actor, person.email, "walk", 9, "act")
            draft = Walk(
                app, asked.need, asked.numbers, {"provider": person}, {"provider": key}, {"provider": token}
            )
            told = read_all(draft)
            db.session.remove()
            db.engine.dispose()
        return told

    def test_no_page_call_or_export_holds_a_trace(self, asked: Walk, before: dict[str, str]) -> None:
        assert traces(asked, before) == []

    def test_the_walk_finds_it_where_the_cut_is_taken_away(self, asked: Walk, before: dict[str, str]) -> None:
        """Else nothing would be found because nothing is looked at."""
        db.session.query(Match).update({"put_to_provider_at": Match.created_at, "seats_put": Match.seats})
        db.session.query(Match).update({"known_state": None, "state": "proposed"})
        db.session.commit()
        found = {endpoint for endpoint, _ in traces(asked, before)}
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

    def test_its_part_of_the_plan_is_empty(self, asked: Walk) -> None:
        rules = {rule.endpoint: rule for rule in asked.app.url_map.iter_rules()}
        for endpoint in ("exports.plan_json", "api-plans.export_plan"):
            told = json.loads(asked.ask("provider", rules[endpoint], "GET").get_data(as_text=True))
            assert [told["plan"][name] for name in ("assignments", "sessions", "questions")] == [[], [], []]
            assert told["labels"]["needs"] == told["labels"]["sessions"] == {}
        rows = asked.ask("provider", rules["exports.plan_csv"], "GET").get_data(as_text=True)
        assert len(rows.splitlines()) == 1

    def test_a_match_that_was_not_put_looks_like_one_that_is_not_there(self, asked: Walk) -> None:
        different = []
        for rule, method in routes(asked.app, READS | WRITES):
            if "match_id" not in rule.rule:
                continue
            there = plain(asked.ask("provider", rule, method), asked.numbers["match_id"])
            other = Walk(
                asked.app,
                asked.need,
                {**asked.numbers, "match_id": NO_SUCH_MATCH},
                asked.people,
                asked.keys,
                asked.tokens,
            )
            missing = plain(other.ask("provider", rule, method), NO_SUCH_MATCH)
            if there != missing:
                different.append((rule.endpoint, there[0], missing[0]))
        assert not different, different

    def test_no_message_and_no_mail_goes_to_it(self, asked: Walk) -> None:
        provider = asked.people["provider"].participant_id
        told = db.session.execute(select(OutboxMessage.kind, OutboxMessage.participant_id)).all()
        assert told
        assert [kind for kind, participant in told if participant == provider] == []
        # And what goes to recipients names neither side, no record and no seats.
        mail = write_text(
            [("match.ask", {"match": int(asked.numbers["match_id"])})], "en", "https://lcm.test"
        )
        assert "1 match waits for your answer" in mail.subject
        match = db.session.get_one(Match, int(asked.numbers["match_id"]))
        assert not {asked.need, match.session_code, str(match.seats)} & set(re.split(r"[\s:.]", mail.body))

    def test_the_recipient_is_shown_what_the_provider_would_read_and_that_is_all_it_reads(
        self, asked: Walk
    ) -> None:
        rules = {rule.endpoint: rule for rule in asked.app.url_map.iter_rules()}
        page = asked.ask("owner", rules["matches.show"], "GET").get_data(as_text=True)
        before_button = page.partition("/consent")[0]
        match_id = int(asked.numbers["match_id"])
        owner = accounts.actor_of(asked.people["owner"])
        put = decisions.consent_to_match(owner, match_id, decisions.find_match(owner, match_id).version)
        call = asked.ask("provider", rules["api-matches.read_match"], "GET")
        read = json.loads(call.get_data(as_text=True))
        told = {name for name, value in read["need"].items() if value is not None}
        assert told <= {"reference", *NEED_FIELDS_FOR_PROVIDERS}
        for value in (put.need_reference, put.session_code, str(put.seats), str(put.need.women)):
            assert re.search(rf">\s*{re.escape(value)}\s*<", before_button), value


def plain(answer: Any, match_id: str) -> tuple[int, str]:
    """An answer without the number that was asked for."""
    return answer.status_code, re.sub(rf"(match |matches/){match_id}\b", r"\1M", without_token(answer))


def without_token(answer: Any) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", answer.get_data(as_text=True))
