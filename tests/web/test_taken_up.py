"""A record of one round fills in the form of the next: what is kept, what moves, what is asked anew."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer, Person, Round
from lcm_service.web.needs import NEED
from lcm_service.web.offers import OFFER
from lcm_service.web.supports import SUPPORT
from lcm_service.web.taken_up import MOVED, values_again
from tests import factories
from tests.web import world
from tests.web.html import main_form, read_page
from tests.web.test_what_pages_claim import records_of

NEXT = "exercise-2028"


@pytest.fixture
def next_round(at_work: Flask) -> Round:
    """A round of the year after the exercise, of the same standing."""
    exercise = db.session.query(Round).filter_by(code=world.EXERCISE).one()
    opens = exercise.opens_on.replace(year=exercise.opens_on.year + 1)
    closes = exercise.closes_on.replace(year=exercise.closes_on.year + 1)
    return factories.make_round(
        code=NEXT, title="Exercise 2028", opens_on=opens, closes_on=closes, standing="exercise"
    )


def own_record(table: type[Any], code: str) -> Any:
    return next(one for one in records_of(table, world.EXERCISE) if one.participant.code == code)


def test_a_need_is_used_again_with_its_days_a_year_later_and_its_consent_asked_anew(
    next_round: Round, browser_of: Callable[[Person], FlaskClient]
) -> None:
    need = own_record(Need, "XAA")
    need.visibility_consent = True
    db.session.commit()
    focal_point = browser_of(world.focal_point_of("XAA"))
    assert (
        f"/rounds/{NEXT}/needs/new?like={need.reference}" in focal_point.get(f"/needs/{need.reference}").text
    )
    page = focal_point.get(f"/rounds/{NEXT}/needs/new?like={need.reference}").text
    assert f"Filled in from {need.reference}" in page
    assert "Days are moved on by 1 year." in page
    sent = focal_point.post(f"/rounds/{NEXT}/needs/new", data=main_form(page).data())
    assert sent.status_code == 303, read_page(sent.text).texts
    db.session.expire_all()
    new = db.session.query(Need).order_by(Need.id.desc()).first()
    assert (new.round.code, new.participant.code) == (NEXT, "XAA")
    for column in ("title", "areas", "level", "personnel", "seats_asked", "women", "languages", "modes"):
        assert getattr(new, column) == getattr(need, column), column
    assert new.earliest == need.earliest.replace(year=need.earliest.year + 1)
    assert (new.visibility_consent, new.seats_recognised, new.state) == (None, None, "submitted")
    assert (need.version, need.round.code) == (need.version, world.EXERCISE)


def test_an_offer_is_used_again_with_sessions_of_its_own(
    next_round: Round, browser_of: Callable[[Person], FlaskClient]
) -> None:
    offer = next(
        one
        for one in records_of(Offer, world.EXERCISE)
        if [row for row in one.sessions if row.starts_on] and world.focal_point_of(one.participant.code)
    )
    provider = browser_of(world.focal_point_of(offer.participant.code))
    page = provider.get(f"/rounds/{NEXT}/offers/new?like={offer.reference}").text
    sent = provider.post(f"/rounds/{NEXT}/offers/new", data=main_form(page).data())
    assert sent.status_code == 303, read_page(sent.text).texts
    db.session.expire_all()
    new = db.session.query(Offer).order_by(Offer.id.desc()).first()
    assert (new.round.code, new.requires, new.costs) == (NEXT, offer.requires, offer.costs)
    live = [row for row in offer.sessions if not row.is_withdrawn]
    assert [row.starts_on for row in new.sessions] == [
        row.starts_on and row.starts_on.replace(year=row.starts_on.year + 1) for row in live
    ]
    assert not {row.id for row in new.sessions} & {row.id for row in offer.sessions}


def test_nobody_is_given_the_record_of_another(
    next_round: Round, browser_of: Callable[[Person], FlaskClient]
) -> None:
    need = own_record(Need, "XAA")
    other = browser_of(world.focal_point_of("XAB"))
    for reference in (need.reference, "N-9999"):
        answer = other.get(f"/rounds/{NEXT}/needs/new?like={reference}")
        assert answer.status_code == 404
        assert need.title not in answer.text


def test_a_round_of_another_standing_or_that_is_closed_is_not_led_to(
    next_round: Round, browser_of: Callable[[Person], FlaskClient]
) -> None:
    need = own_record(Need, "XAA")
    focal_point = browser_of(world.focal_point_of("XAA"))
    for column, value in (("standing", "submitted"), ("state", "closed")):
        before = getattr(next_round, column)
        setattr(next_round, column, value)
        db.session.commit()
        assert "needs/new?like" not in focal_point.get(f"/needs/{need.reference}").text
        setattr(next_round, column, before)
        db.session.commit()
    assert next_round.opens_on > date(2027, 1, 1)


def test_what_somebody_decided_stays_and_what_nobody_has_said_yet_is_asked(app: Flask) -> None:
    """Until when the United Nations recognise a course is no plan; when a unit deploys next is not known."""
    offer = factories.make_offer(recognised_until=date(2026, 1, 31), expires_on=date(2026, 12, 31))
    session = date(2026, 9, 7)
    values, years = values_again(OFFER.form.sections, offer, date(2027, 1, 15), [session], date(2027, 2, 1))
    assert (years, values["recognised_until"]) == (1, date(2026, 1, 31))
    assert values["expires_on"] == date(2027, 12, 31)
    need = factories.make_need(
        deploys_on=date(2023, 5, 1), earliest=date(2026, 9, 1), latest=date(2026, 12, 15)
    )
    values, years = values_again(NEED.form.sections, need, date(2027, 1, 15), [], date(2027, 2, 1))
    assert (years, values["deploys_on"]) == (1, None)
    assert (values["earliest"], values["latest"]) == (date(2027, 9, 1), date(2027, 12, 15))


def test_until_when_a_record_stands_is_asked_where_it_would_stand_no_more(app: Flask) -> None:
    support = factories.make_support(expires_on=date(2026, 12, 31))
    last = date(2026, 12, 31)
    for opens_on, today, expected in (
        (last, last, last),
        (date(2027, 1, 1), date(2026, 12, 1), None),
        # The round has been open for long, and the record's last day came meanwhile.
        (date(2026, 6, 1), date(2027, 1, 1), None),
    ):
        values, years = values_again(SUPPORT.form.sections, support, opens_on, [], today)
        assert (years, values["expires_on"]) == (0, expected)


def test_every_day_of_a_form_is_one_that_moves_or_one_that_does_not() -> None:
    """A day that is added to a form is thought about here."""
    named = {
        field.name
        for kind in (NEED, OFFER, SUPPORT)
        for section in kind.form.sections
        for field in section.fields
        if field.widget == "date"
    }
    assert named == MOVED | {"deploys_on", "recognised_until"}
