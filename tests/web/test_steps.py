"""Needs, offers and supports are written in short steps, left and taken up again, checked, and sent."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.domain.completeness import QUESTION_FIELDS
from lcm_service.domain.record_fields import RECORD_FIELDS, REQUIRED_FIELDS, column_of
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer, Person, Round, Support
from lcm_service.services import submissions
from lcm_service.services.accounts import actor_of
from lcm_service.web import reasons, record_steps
from lcm_service.web.fields import ROWS
from lcm_service.web.needs import NEED
from lcm_service.web.offers import OFFER
from lcm_service.web.supports import SUPPORT
from tests.api.callers import Caller
from tests.web import world
from tests.web.html import main_form, read_page

KINDS = {"needs": NEED, "offers": OFFER, "supports": SUPPORT}
TABLES: dict[str, Any] = {"needs": Need, "offers": Offer, "supports": Support}
ROUND = f"/rounds/{world.EXERCISE}"

Browsers = Callable[[Person], FlaskClient]

# What is answered in each step, as a browser sends it.
NEED_ANSWERS: dict[str, dict[str, Any]] = {
    "what": {
        "title": "Medical training",
        "subject": "training",
        "areas": ["any"],
        "level": "basic",
        "personnel": ["fpu", "troops"],
        "audience": "Formed police unit",
    },
    "seats": {
        "seats_asked": "24",
        "women": "6",
        "min_group": "8",
        "max_groups": "2",
        "priority_asked": "high",
        "whole": "yes",
    },
    "dates": {
        "languages": ["fr", "en"],
        "modes": ["mobile_team", "online"],
        "earliest": "2027-03-01",
        "latest": "2027-06-30",
        "deploys_on": "2027-08-01",
    },
    "why": {
        "phase": "pre_deployment",
        "basis": "mission_request",
        "basis_reference": "Code cable 7",
        "contribution": "A venue",
        "detail": "Field hospital\nof level 1",
        "expires_on": "2027-12-01",
        "visibility_consent": "no",
    },
}
OFFER_ANSWERS: dict[str, dict[str, Any]] = {
    "what": {
        "title": "First aid",
        "areas": ["any"],
        "level": "any",
        "languages": ["es"],
        "personnel": ["any"],
    },
    "seats": {"only": ["any"], "seats": "20", "min_seats": "5", "max_recipients": "3"},
    "place": {
        "mode": "provider_centre",
        "place_code": "KEN",
        "venue": "Nairobi",
        "requires": "listed",
        "requirement-0-kind": "funds",
        "requirement-0-quantity": "1000",
        "requirement-0-per_seat": "50",
    },
    "dates": {
        "session-0-starts_on": "2027-04-05",
        "session-0-ends_on": "2027-04-16",
        "session-1-starts_on": "2027-05-03",
        "session-1-ends_on": "2027-05-14",
        "session-1-seats": "12",
    },
    "terms": {"cost-tuition": "provider", "cost-travel": "recipient", "preconditions": "None"},
}
SUPPORT_ANSWERS: dict[str, dict[str, Any]] = {
    "what": {"title": "Travel fund", "kind": "funds", "quantity": "5000"},
    "use": {"usable_from": "2027-01-01", "usable_to": "2027-12-31", "only": ["any"]},
}
ANSWERS = {"needs": NEED_ANSWERS, "offers": OFFER_ANSWERS, "supports": SUPPORT_ANSWERS}


@pytest.fixture
def focal_point(at_work: Flask, browser_of: Browsers) -> FlaskClient:
    return browser_of(world.focal_point_of("XAA"))


def newest(table: Any) -> Any:
    db.session.expire_all()
    return db.session.query(table).order_by(table.id.desc()).first()


def send(browser: FlaskClient, address: str, **changes: object) -> Any:
    """Open a page, answer some of it, send it."""
    return browser.post(address, data=main_form(browser.get(address).text).data(**changes))


def begin(browser: FlaskClient, area: str = "needs", **changes: object) -> Any:
    """Keep the first step; gives the draft."""
    changes = {"title": "kestrel", **({"kind": "venue"} if area == "supports" else {}), **changes}
    assert send(browser, f"{ROUND}/{area}/begin", **changes).status_code == 303
    return newest(TABLES[area])


def form_to(text: str, end: str) -> Any:
    return next(form for form in read_page(text).forms if form.action.endswith(end))


def write_in_steps(browser: FlaskClient, area: str) -> Any:
    """Go through all steps by the pages alone, then send; gives the record."""
    at = f"{ROUND}/{area}/begin"
    for answers in ANSWERS[area].values():
        answer = send(browser, at, **answers)
        assert answer.status_code == 303, read_page(answer.text).texts
        at = answer.location
    assert at.endswith("/check")
    form = form_to(browser.get(at).text, "/submit")
    sent = browser.post(form.action, data=form.data())
    assert sent.location.endswith("/sent")
    return newest(TABLES[area])


def what_it_says(kind: str, record: Any) -> dict[str, Any]:
    said = {name: getattr(record, column_of(name)) for name in RECORD_FIELDS[kind] if name != "sessions"}
    rows = (
        [(one.key, one.starts_on, one.ends_on, one.seats, one.place_code) for one in record.sessions]
        if (kind == "offer")
        else []
    )
    return {**said, "sessions": rows, "state": record.state, "kept_steps": record.kept_steps}


# -- The table of steps ----------------------------------------------------------------------------


@pytest.mark.parametrize("area", KINDS)
def test_every_field_of_a_form_stands_in_exactly_one_step(area: str) -> None:
    kind, steps = KINDS[area], record_steps.STEPS[area]
    of_form = [one.name for section in kind.form.sections for one in section.fields]
    of_steps = Counter(name for step in steps for name in step.names)
    # The parts of a record that no section declares are the rows of its form.
    rows = ROWS & set(RECORD_FIELDS[kind.name])
    assert of_steps == Counter([*of_form, *rows])
    fields = {one for section in kind.form.sections for one in section.fields}
    assert all(one in fields for step in steps for one in step.fields)
    assert len({step.code for step in steps}) == len(steps) == len({str(step.title) for step in steps})
    assert set(of_steps) == set(RECORD_FIELDS[kind.name]) - ({"subject", "visibility_consent"} - set(of_form))


@pytest.mark.parametrize("area", KINDS)
def test_what_a_record_cannot_be_without_is_asked_first(area: str) -> None:
    assert set(REQUIRED_FIELDS[KINDS[area].name]) <= set(record_steps.STEPS[area][0].names)
    # And what a page has answered already is nothing but what its form asks.
    assert set(KINDS[area].at_first) <= {name for step in record_steps.STEPS[area] for name in step.names}


@pytest.mark.parametrize("area", KINDS)
def test_every_question_is_answered_in_a_step_and_says_what_hangs_on_it(area: str) -> None:
    kind = KINDS[area].name
    asked = {name: name for step in record_steps.STEPS[area] for name in step.names}
    for question in QUESTION_FIELDS[kind]:
        assert record_steps.address_of_question(area, asked, question)
    assert set(reasons.WHAT_HANGS[kind]) == set(QUESTION_FIELDS[kind])


# -- Writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", KINDS)
def test_a_record_written_in_steps_is_what_one_page_makes_of_the_same_answers(
    focal_point: FlaskClient, area: str
) -> None:
    kind = KINDS[area].name
    by_steps = what_it_says(kind, write_in_steps(focal_point, area))
    together = {name: value for one in ANSWERS[area].values() for name, value in one.items()}
    assert send(focal_point, f"{ROUND}/{area}/new", **together).status_code == 303
    by_one_page = what_it_says(kind, newest(TABLES[area]))
    assert by_steps == by_one_page
    assert by_steps["state"] == "submitted"
    assert by_steps["title"] == together["title"]


def test_a_need_written_in_steps_is_what_a_program_makes_of_the_same_answers(
    at_work: Flask, focal_point: FlaskClient
) -> None:
    by_steps = what_it_says("need", write_in_steps(focal_point, "needs"))
    body = {name: value for one in NEED_ANSWERS.values() for name, value in one.items()}
    numbers = ("seats_asked", "women", "min_group", "max_groups")
    body |= {name: int(body[name]) for name in numbers} | {"whole": True, "visibility_consent": False}
    caller = Caller(at_work, world.focal_point_of("XAA"))
    answer = caller.post("/needs/", json=body | {"round": world.EXERCISE})
    assert answer.status_code == 201, answer.text
    assert what_it_says("need", newest(Need)) == by_steps


@pytest.mark.parametrize("area", KINDS)
def test_each_step_has_a_name_of_its_own_and_leads_to_the_next(focal_point: FlaskClient, area: str) -> None:
    steps, at, titles = record_steps.STEPS[area], f"{ROUND}/{area}/begin", []
    for number in range(1, len(steps) + 1):
        page = focal_point.get(at).text
        titles.append(read_page(page).title)
        assert f"Step {number} of {len(steps)} – " in page
        assert page.count('aria-current="step"') == 1
        assert page.count('class="main"') == 1
        kept = {"title": "kestrel", "kind": "venue"} if number == 1 else {}
        at = send(focal_point, at, **kept).location
    page = focal_point.get(at).text
    assert "Check your answers" in read_page(page).title
    # All steps are kept: each is a link.
    assert all(f'/steps/{step.code}"' in page for step in steps)
    assert len(set(titles)) == len(steps)


def test_a_step_that_lies_ahead_is_no_link_yet(focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    page = focal_point.get(f"/needs/{draft.reference}/steps/seats").text
    assert f"/needs/{draft.reference}/steps/what" in page
    assert f"/needs/{draft.reference}/steps/why" not in page
    assert focal_point.get(f"/needs/{draft.reference}/steps/none").status_code == 404


def test_faults_of_a_step_are_shown_in_it_and_nothing_typed_is_lost(focal_point: FlaskClient) -> None:
    answer = send(focal_point, f"{ROUND}/needs/begin", audience="Engineers")
    assert answer.status_code == 422
    assert 'id="faults" role="alert" tabindex="-1" autofocus' in answer.text
    assert 'href="#title"' in answer.text
    assert dict(main_form(answer.text).values)["audience"] == "Engineers"
    draft = begin(focal_point)
    at = f"/needs/{draft.reference}/steps/seats"
    for then in (None, "later"):
        answer = send(focal_point, at, seats_asked="4", women="9", then=then)
        assert answer.status_code == 422
        assert 'href="#women"' in answer.text
        assert dict(main_form(answer.text).values)["women"] == "9"
    assert newest(Need).seats_asked is None


def test_a_fault_of_another_step_is_linked_to_it(focal_point: FlaskClient) -> None:
    draft = begin(focal_point, "offers")
    dated = {"session-0-starts_on": "2027-04-05", "session-0-ends_on": "2027-04-16", "session-0-seats": "4"}
    assert send(focal_point, f"/offers/{draft.reference}/steps/dates", **dated).status_code == 303
    answer = send(focal_point, f"/offers/{draft.reference}/steps/seats", seats="20", min_seats="5")
    assert answer.status_code == 422
    assert f'href="/offers/{draft.reference}/steps/dates?back=check#sessions"' in answer.text


@pytest.mark.parametrize("area", KINDS)
def test_a_first_step_that_is_sent_twice_begins_one_draft(focal_point: FlaskClient, area: str) -> None:
    at, table = f"{ROUND}/{area}/begin", TABLES[area]
    form = main_form(focal_point.get(at).text)
    count = db.session.query(table).count()
    answers = {**form.data(), **ANSWERS[area]["what"]}
    led = [focal_point.post(at, data=answers).location for _ in range(2)]
    assert led[0] == led[1]
    assert db.session.query(table).count() == count + 1
    # What says something else, or was gone on with, is another one.
    assert focal_point.post(at, data=answers | {"title": "merlin"}).location not in led
    assert focal_point.post(led[0], data=main_form(focal_point.get(led[0]).text).data()).status_code == 303
    assert focal_point.post(at, data=answers).location not in led
    assert db.session.query(table).count() == count + 3


# -- Leaving and coming back -----------------------------------------------------------------------


@pytest.mark.parametrize("area", KINDS)
def test_a_draft_that_was_left_goes_on_at_the_first_step_that_was_not_kept(
    focal_point: FlaskClient, area: str
) -> None:
    draft = begin(focal_point, area, then="later")
    steps = record_steps.STEPS[area]
    second = f"/{area}/{draft.reference}/steps/{steps[1].code}"
    for page in ("/", ROUND, f"/{area}/{draft.reference}"):
        assert f'href="{second}"' in focal_point.get(page).text, page
    # Nothing is known in it yet: that is an answer too, and the step is behind.
    answer = send(focal_point, second, then="later")
    assert answer.location == ROUND
    assert "The draft is kept" in focal_point.get(ROUND).text
    following = f"steps/{steps[2].code}" if len(steps) > 2 else "check"
    assert f'href="/{area}/{draft.reference}/{following}"' in focal_point.get(ROUND).text


def test_what_was_said_not_to_be_known_is_remembered(focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    at = f"/needs/{draft.reference}/steps/dates"
    fresh = focal_point.get(at).text
    assert 'name="was_unknown"' not in fresh
    send(focal_point, at, unknown=["languages", "modes"])
    assert 'id="languages-unknown" checked' in focal_point.get(at).text


def test_what_the_whole_form_has_answered_already_a_step_has_too(focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    assert dict(main_form(focal_point.get(f"/needs/{draft.reference}/steps/seats").text).values)[
        "priority_asked"
    ] == ("routine")


def test_a_draft_kept_as_a_whole_goes_on_with_the_check(focal_point: FlaskClient) -> None:
    at = send(focal_point, f"{ROUND}/needs/new", title="whole", state="draft").location
    assert f'href="{at}/check"' in focal_point.get(at).text


def test_rows_are_added_by_keeping_them(focal_point: FlaskClient) -> None:
    draft = begin(focal_point, "offers")
    at = f"/offers/{draft.reference}/steps/dates"
    for row in range(3):
        more = {
            f"session-{row}-starts_on": f"2027-0{row + 1}-05",
            f"session-{row}-ends_on": f"2027-0{row + 1}-09",
        }
        assert send(focal_point, at, then="more", **more).location == at
    assert [one.key for one in newest(Offer).sessions] == ["S1", "S2", "S3"]


@pytest.mark.parametrize(("step", "rows"), [("place", "requirement"), ("dates", "session")])
def test_a_count_of_rows_that_is_no_number_is_no_rows(focal_point: FlaskClient, step: str, rows: str) -> None:
    """A browser counts its rows itself; what counts none, or has thousands of digits, comes from no page."""
    draft = begin(focal_point, "offers")
    for count in ("9" * 5_000, "-1", "many"):
        answer = send(focal_point, f"/offers/{draft.reference}/steps/{step}", **{f"{rows}-rows": count})
        assert answer.status_code == 303
    assert (newest(Offer).sessions, newest(Offer).requires) == ([], None)


def test_a_tab_that_is_no_more_of_now_is_told_and_loses_nothing(focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    at = f"/needs/{draft.reference}/steps/seats"
    old = main_form(focal_point.get(at).text)
    checked = form_to(focal_point.get(f"/needs/{draft.reference}/check").text, "/submit")
    assert send(focal_point, at, seats_asked="10").status_code == 303
    answer = focal_point.post(at, data=old.data(seats_asked="14", women="3"))
    assert answer.status_code == 409
    assert "This record was changed while you were writing" in answer.text
    typed = main_form(answer.text)
    assert (dict(typed.values)["seats_asked"], dict(typed.values)["women"]) == ("14", "3")
    assert newest(Need).seats_asked == 10
    answer = focal_point.post(checked.action, data=checked.data())
    assert answer.status_code == 409
    assert "This draft was changed after you opened this page" in answer.text
    assert newest(Need).state == "draft"
    assert focal_point.post(at, data=typed.data()).status_code == 303
    assert (newest(Need).seats_asked, newest(Need).women) == (14, 3)


# -- Checking and sending --------------------------------------------------------------------------


def test_the_check_says_every_answer_in_words_with_the_way_to_change_it_and_back(
    focal_point: FlaskClient,
) -> None:
    draft = begin(focal_point, areas=["any"], level="basic")
    check = f"/needs/{draft.reference}/check"
    send(focal_point, f"/needs/{draft.reference}/steps/dates", languages=["fr", "en"], earliest="2027-03-01")
    page = focal_point.get(check).text
    # Two of the four steps were kept.
    assert page.count("You have not kept this step yet.") == 2
    for words in (
        "Any subject",
        "Basic",
        "<bdi>French</bdi>, <bdi>English</bdi>",
        "1 March 2027",
        "Not known yet",
        "Left empty",
    ):
        assert words in page, words
    for step in record_steps.NEED_STEPS:
        for name in step.names:
            assert f'/steps/{step.code}?back=check#{name}"' in page, name
    change = f"/needs/{draft.reference}/steps/what?back=check"
    assert "Keep and check your answers" in focal_point.get(change).text
    assert send(focal_point, change, level="advanced").location == check
    assert "Advanced" in focal_point.get(check).text


def test_the_check_of_an_offer_says_its_rows_in_words(focal_point: FlaskClient) -> None:
    at = f"{ROUND}/offers/begin"
    for answers in OFFER_ANSWERS.values():
        at = send(focal_point, at, **answers).location
    page = focal_point.get(at).text
    words = " ".join(read_page(page).texts)
    for said in (
        "5 Apr 2027 to 16 Apr 2027",
        "own seats: 12",
        "1,000 for one session",
        "50 for each seat",
        "Tuition: The provider pays",
        "Nobody",
        "Everyone who takes part",
    ):
        assert said in words, said


def test_a_need_with_much_unknown_is_sent_and_told_what_hangs_on_it(focal_point: FlaskClient) -> None:
    check = f"/needs/{begin(focal_point, title='Title alone').reference}/check"
    page = focal_point.get(check).text
    assert "9 questions are still open" in page
    assert "Which courses suit" in page
    assert page.count('class="main"') == 1
    form = form_to(page, "/submit")
    sent = focal_point.post(form.action, data=form.data())
    need = newest(Need)
    assert sent.location == f"/needs/{need.reference}/sent"
    assert (need.title, need.state, need.kept_steps) == ("Title alone", "submitted", None)
    told = focal_point.get(sent.location).text
    assert need.reference in told
    assert "What happens next" in told
    assert focal_point.get(check).status_code == 404
    # What was sent is written in steps no more.
    for page in ("check", "steps/what"):
        assert focal_point.get(f"/needs/{need.reference}/{page}").status_code == 409


def test_what_speaks_against_sending_leads_to_its_step(focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    # A subject that was on the list when the step was kept, and is no more.
    draft.areas = ["NO-MORE"]
    db.session.commit()
    form = form_to(focal_point.get(f"/needs/{draft.reference}/check").text, "/submit")
    answer = focal_point.post(form.action, data=form.data())
    assert answer.status_code == 422
    assert 'id="faults" role="alert" tabindex="-1" autofocus' in answer.text
    summary = answer.text.partition('id="faults"')[2].partition("</div>")[0]
    assert f'href="/needs/{draft.reference}/steps/what?back=check#areas"' in summary
    assert newest(Need).state == "draft"


def test_a_draft_of_a_closed_round_is_kept_and_not_sent(at_work: Flask, focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    db.session.query(Round).filter_by(code=world.EXERCISE).update({"state": "closed"})
    db.session.commit()
    page = focal_point.get(f"/needs/{draft.reference}/check").text
    assert "The round is closed" in page
    assert not [form for form in read_page(page).forms if form.action.endswith("/submit")]
    assert "Not sent yet" not in focal_point.get("/").text


# -- Whom it is for --------------------------------------------------------------------------------


@pytest.mark.parametrize("area", KINDS)
def test_nobody_else_finds_what_is_written(
    focal_point: FlaskClient, coordinator: FlaskClient, browser_of: Browsers, area: str
) -> None:
    draft = begin(focal_point, area)
    other = browser_of(world.focal_point_of("XAB"))
    for browser in (other, coordinator):
        for page in ("steps/what", "check", "sent"):
            assert browser.get(f"/{area}/{draft.reference}/{page}").status_code == 404
        assert browser.post(f"/{area}/{draft.reference}/steps/what", data=_token(browser)).status_code == 404
    # Who enters for others has the one page.
    assert coordinator.get(f"{ROUND}/{area}/begin").status_code == 403
    assert f"{ROUND}/{area}/new" in coordinator.get(f"{ROUND}/{area}").text
    assert f"{ROUND}/{area}/begin" in focal_point.get(f"{ROUND}/{area}").text


def _token(browser: FlaskClient) -> dict[str, Any]:
    return {"csrf_token": dict(read_page(browser.get("/").text).forms[0].values)["csrf_token"]}


def test_a_step_is_noted_of_drafts_alone_and_once(at_work: Flask, focal_point: FlaskClient) -> None:
    draft = begin(focal_point)
    actor = actor_of(world.focal_point_of("XAA"))
    kept = submissions.revise_need(actor, draft.reference, {}, draft.version, step="seats")
    assert kept.kept_steps == ["what", "seats"]
    version = kept.version
    again = submissions.revise_need(actor, draft.reference, {}, version, step="seats")
    assert (again.kept_steps, again.version) == (["what", "seats"], version)
