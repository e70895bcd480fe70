"""What would help, and who would be next, by their pages: asked for by a button, read by whom it is for."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person, Plan, Run
from lcm_service.services import explanations, matching, publication
from lcm_service.services.plan_studies import Study
from lcm_service.web import studies
from tests.web import world
from tests.web.html import read_page
from tests.web.test_matching_pages import form_to, press

LANGUAGES = ("en", "fr", "ar")
SECONDS = 10


def look(app: Flask, browser: FlaskClient, address: str, **changes: object) -> Run:
    """Press the button of a page, let the worker run for a short while, and give the run."""
    response = press(browser, address, "/explanation", **changes)
    assert response.status_code == 303
    run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
    run.time_limit_seconds = SECONDS
    db.session.commit()
    world.let_worker_run(app)
    db.session.expire_all()
    assert response.location == f"/runs/{run.id}"
    assert run.state == "done", run.story
    return run


@pytest.fixture(scope="session")
def studied_world(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same world after somebody looked what would help in the exercise."""
    path = tmp_path_factory.mktemp("studied") / "world.sqlite3"
    shutil.copyfile(world_template, path)
    app = world.open_world(path)
    with app.app_context():
        plan = world.draft_of(world.EXERCISE)
        explanations.request_explanation(
            world.coordinator_of(app), plan.id, idempotency_key="studied", time_limit_seconds=SECONDS
        )
        world.let_worker_run(app)
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture
def first_world(request: pytest.FixtureRequest) -> Path:
    """The world; where a test asks for ``studied``, somebody has looked what would help before."""
    is_studied = "studied" in request.fixturenames
    path: Path = request.getfixturevalue("studied_world" if is_studied else "world_template")
    return path


@pytest.fixture
def studied(studied_world: Path) -> None:
    """Marks the tests that begin after a first look."""


def last_look() -> Run:
    """The newest run that explains a plan."""
    found = db.session.query(Run).filter_by(purpose="explanation").order_by(Run.id.desc()).first()
    assert found is not None
    return found


def study_of(app: Flask, plan: Plan) -> Study:
    return explanations.read_study(world.coordinator_of(app), plan.id)


def words_of(page: str) -> str:
    return " ".join(read_page(page).texts)


@pytest.fixture
def plan(at_work: Flask) -> Plan:
    return world.draft_of(world.EXERCISE)


@pytest.fixture
def address(plan: Plan) -> str:
    return f"/plans/{plan.id}"


def test_a_coordinator_looks_for_what_would_help_a_draft_and_reads_it_there(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str
) -> None:
    assert "Look for what would help" in coordinator.get(address).text
    assert "If it were declined" not in coordinator.get(address).text
    first = press(coordinator, address, "/explanation")
    waiting = coordinator.get(address).text
    assert "It is being worked out what would help" in waiting
    assert f'href="{first.location}"' in waiting
    assert 'action="/plans/1/explanation"' not in waiting
    assert "Cancel the run" in coordinator.get(first.location).text
    last_look().time_limit_seconds = SECONDS
    db.session.commit()
    world.let_worker_run(at_work)
    db.session.expire_all()
    done = coordinator.get(first.location).text
    assert f'href="{address}#unmet"' in done
    assert "What this run tries" not in done
    page = coordinator.get(address)
    assert "<script" not in page.text.partition("<main")[2]
    study = study_of(at_work, plan)
    summaries = re.findall(r"<summary>([^<]*)</summary>", page.text)
    assert sum("change" in one or "help" in one for one in summaries) == len(plan.document["unmet"])
    assert page.text.count("<summary>If it were declined</summary>") == len(plan.document["assignments"])
    told = words_of(page.text)
    with at_work.test_request_context():
        for found in study.changes.values():
            for one in found.row["helps"]:
                assert str(studies.change_sentence(one["change"])) in told
                assert all(str(text) in told for text in studies.effects_sentences(one["effects"]))
    assert publication.find_plan(world.coordinator_of(at_work), plan.id).version == plan.version


def test_the_pages_of_need_and_match_show_what_is_theirs(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str
) -> None:
    matches = world.publish_draft(world.EXERCISE)
    need = plan.document["unmet"][0]["need"]
    match = next(one for one in matches if one.need_reference != need)
    assert "It was not looked for yet." in coordinator.get(f"/needs/{need}").text
    assert "It was not looked for yet." in coordinator.get(f"/matches/{match.id}").text
    run = look(at_work, coordinator, f"/needs/{need}")
    assert run.choice == {"need": need}
    assert f'href="/needs/{need}"' in coordinator.get(f"/runs/{run.id}").text
    assert "Worked out on" in coordinator.get(f"/needs/{need}").text
    assert "It was not looked for yet." in coordinator.get(f"/matches/{match.id}").text
    run = look(at_work, coordinator, f"/matches/{match.id}")
    assert run.choice == {"need": match.need_reference}
    page = coordinator.get(f"/matches/{match.id}").text
    assert "It was not looked for yet." not in page
    assert "for the plan as it was made; what was decided since is not in it." in page
    reserve = study_of(at_work, plan).reserves[match.need_reference, match.session_code].row
    for gain in reserve["gains"]:
        assert f'href="/needs/{gain["need"]}"' in page


def test_nobody_but_coordinators_asks_or_reads_whom_a_change_displaces(
    at_work: Flask,
    coordinator: FlaskClient,
    browser_of: Callable[[Person], FlaskClient],
    plan: Plan,
    address: str,
) -> None:
    form = form_to(coordinator, address, "/explanation")
    assert at_work.test_client().post(form.action, data=form.data()).status_code in {303, 400}
    for role in ("focal_point", "observer", "administrator"):
        person = (
            world.focal_point_of("XAB")
            if role == "focal_point"
            else world.person_by_email(f"{role}@example.org")
        )
        browser = browser_of(person)
        token = next(one for one in read_page(browser.get("/").text).forms if one.action == "/language")
        sent = {"csrf_token": token.data()["csrf_token"], "idempotency_key": f"not-mine-{role}"}
        assert browser.post(form.action, data=sent).status_code == 403, role
        assert browser.post(form.action, data=sent | {"need": "N-0001"}).status_code == 403, role
        assert browser.get(address).status_code == 403, role
    assert explanations.list_explanations(world.coordinator_of(at_work), plan.id) == []
    assert coordinator.post(form.action, data={"idempotency_key": "without-token"}).status_code == 400


@pytest.mark.usefixtures("studied")
def test_the_sides_of_a_match_do_not_read_who_would_be_next(
    at_work: Flask,
    coordinator: FlaskClient,
    browser_of: Callable[[Person], FlaskClient],
    plan: Plan,
    address: str,
) -> None:
    match = world.publish_draft(world.EXERCISE)[0]
    assert "Who would be next" in coordinator.get(f"/matches/{match.id}").text
    for code in (match.need.recipient, match.offer.provider):
        page = browser_of(world.focal_point_of(code)).get(f"/matches/{match.id}")
        assert page.status_code == 200
        assert "Who would be next" not in page.text
        assert "/explanation" not in page.text
        others = set(plan.labels["needs"]) - {match.need_reference}
        assert [one for one in others if one in page.text] == []


@pytest.mark.usefixtures("studied")
def test_an_owner_reads_changes_of_its_own_record_and_no_number_of_seats_or_of_others(
    at_work: Flask,
    coordinator: FlaskClient,
    browser_of: Callable[[Person], FlaskClient],
    plan: Plan,
    address: str,
) -> None:
    run = last_look()
    assert run.result is not None
    document = {**run.result, "explanation": dict(run.result["explanation"])}
    effects = {"seats_gained": 3, "seats_lost_by_others": 2, "needs_losing": 1}
    helps = [
        {"change": {"kind": kind, "word": word, "languages": None, "amount": amount}, "effects": effects}
        | {"is_least": True}
        for kind, word, amount in (
            ("mode", "online", None),
            ("min_group", None, 777),
            ("support", "funds", 778),
        )
    ]
    changes = {"proof": "near", "gains_unchanged": False, "helps": helps, "not_settled": []}
    first, *rest = document["explanation"]["unmet"]
    document["explanation"]["unmet"] = [{**first, "changes": changes}, *rest]
    run.result = document
    db.session.commit()
    world.publish_draft(world.EXERCISE)
    study = study_of(at_work, plan)
    for row in plan.document["unmet"]:
        need = row["need"]
        owner = browser_of(world.focal_point_of(plan.labels["needs"][need]["recipient"]))
        page = owner.get(f"/needs/{need}").text
        helps = study.changes[need].row["helps"]
        own = [one["change"] for one in helps if one["change"]["kind"] != "support"]
        assert ("there was a better plan of the round with each of these changes alone" in page) == bool(own)
        assert "777" not in page
        assert ("Accept a smaller group" in page) == ("min_group" in {one["kind"] for one in own})
        assert "would lose" not in page
        assert "It would gain" not in page
        assert "One more support" not in page
        assert "/explanation" not in page
        recipient = plan.labels["needs"][need]["recipient"]
        others = {one for one, label in plan.labels["needs"].items() if label["recipient"] != recipient}
        assert [one for one in others if one in page] == []


@pytest.mark.usefixtures("studied")
def test_before_publication_an_owner_reads_nothing_of_it(
    at_work: Flask,
    coordinator: FlaskClient,
    browser_of: Callable[[Person], FlaskClient],
    plan: Plan,
    address: str,
) -> None:
    need = plan.document["unmet"][0]["need"]
    owner = browser_of(world.focal_point_of(plan.labels["needs"][need]["recipient"]))
    assert "What would help" not in owner.get(f"/needs/{need}").text


@pytest.mark.usefixtures("studied")
def test_every_kind_of_answer_has_its_words_and_is_escaped(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str
) -> None:
    """What the exercise may not give: all kinds of change, nothing settled, names with marks in them."""
    run = last_look()
    assert run.result is not None
    unmet = plan.document["unmet"][0]["need"]
    placed = plan.document["assignments"][0]
    kinds = [
        {"kind": "language", "word": "<b>x", "languages": None, "amount": None},
        {"kind": "earlier", "word": None, "languages": None, "amount": 1},
        {"kind": "later", "word": None, "languages": None, "amount": 12},
        {"kind": "min_group", "word": None, "languages": None, "amount": 5},
        {"kind": "mode", "word": "online", "languages": None, "amount": None},
        {"kind": "max_groups", "word": None, "languages": None, "amount": 2},
        {"kind": "not_whole", "word": None, "languages": None, "amount": None},
        {"kind": "support", "word": "<i>x", "languages": ["ar", "fr"], "amount": 3400},
        {"kind": "support", "word": "funds", "languages": None, "amount": 34250},
    ]
    effects = {"seats_gained": 3, "seats_lost_by_others": 2, "needs_losing": 1}
    helps = [{"change": one, "is_least": False, "effects": effects} for one in kinds]
    changes = {"proof": "near", "gains_unchanged": False, "helps": helps, "not_settled": kinds[:2]}
    document = {**run.result, "explanation": dict(run.result["explanation"])}
    base = run.result["explanation"]["unmet"][0]
    document["explanation"]["unmet"] = [{**base, "need": unmet, "changes": changes}]
    record = next(iter(plan.labels["offers"]))
    price = {"is_settled": True, "objective": "reached", "amount": 4, "need": None, "session": None}
    price |= {"record": None, "field": None, "seats": None}
    pair = {"need": placed["need"], "session": placed["session"]}
    document["explanation"]["prices"] = [
        price | {"kind": "pin"} | pair,
        price | {"kind": "ban", "is_settled": False, "objective": None, "amount": 0} | pair,
        price | {"kind": "question", "record": record, "field": "languages"},
        price | {"kind": "match", "objective": None, "amount": 0, "seats": 0} | pair,
    ]
    document["reserves"] = {
        **run.result["reserves"],
        "matches": [pair | {"answer": "cannot_stand", "gains": []}],
    }
    run.result = document
    db.session.commit()
    page = coordinator.get(address)
    assert page.status_code == 200
    told = words_of(page.text)
    assert "<b>x" not in page.text
    assert "<i>x" not in page.text
    for sentence in (
        "Start 1 day earlier",
        "End up to 12 days later",
        "Accept a group of 5 people",
        "Spread over 2 sessions at most",
        "Funds (US dollars), 34,250",
        "Others would lose 2 seats. Needs that lose: 1.",
        "Whether less would do was not settled in time.",
        "further away more may be possible",
        "the plan without it would lose in no aim. This need would then have 0 seats.",
        "The rest of the plan could not stand without this match",
        "What is held, declined or not answered costs",
        "Not settled in time",
        "In which languages is it taught?",
        "To hold it costs 4 in this aim",
    ):
        assert sentence in told, sentence
    assert "Look at this need alone" in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("studied")
def test_the_pages_are_read_in_every_translated_language(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str, language: str
) -> None:
    person = world.person_by_email(world.COORDINATOR)
    person.language = language
    db.session.commit()
    page = coordinator.get(address).text
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert ("If it were declined" in page) == (language == "en")
    assert re.search(r"<details><summary>[^<]+</summary>", page)


def test_an_explanation_that_failed_leads_to_its_story_and_can_be_asked_for_again(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str
) -> None:
    location = press(coordinator, address, "/explanation").location
    run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
    run.problem = "{}"
    db.session.commit()
    world.let_worker_run(at_work)
    assert "The last search ended without an answer" in coordinator.get(address).text
    assert "No answer came of this run" in coordinator.get(location).text
    assert "Look again for what would help" in coordinator.get(address).text


def test_a_plan_that_is_put_aside_is_not_explained(
    at_work: Flask, coordinator: FlaskClient, plan: Plan, address: str
) -> None:
    form = form_to(coordinator, address, "/explanation")
    publication.discard_plan(world.coordinator_of(at_work), plan.id, plan.version)
    assert coordinator.post(form.action, data=form.data()).status_code == 409
    assert "/explanation" not in coordinator.get(address).text
    assert matching.list_runs(world.coordinator_of(at_work), world.EXERCISE)[0].purpose == "match"
