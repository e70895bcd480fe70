"""A letter declines a match as a whole, or what is more alone where the coordinator says so."""

import pytest

from lcm_service.domain.errors import NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from lcm_service.services import decisions, trail
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds
from tests.service.test_asked import Asked
from tests.web.test_matching_pages import press

ALL = ("provider", "recipient", "secretariat")
# Who had confirmed the first 20 seats, and how far the 28 of a later plan have come.
STANDINGS = [
    (sides, is_put) for sides in (("provider",), ("provider", "recipient"), ALL) for is_put in (False, True)
]


@pytest.fixture
def asked(app):
    return Asked()


def grow(asked, sides, is_put):
    asked.consent()
    asked.confirm(*sides)
    asked.recognise(28)
    asked.publish()
    if is_put:
        asked.consent()
    match = asked.match
    assert (match.state, match.seats) == ("proposed" if is_put else "asked", 28)
    return match


def decline(asked, side, **more):
    match = asked.match
    return decisions.decline_match(
        asked.coordinator, match.id, side, "costs", match.version, on_behalf=True, **more
    )


@pytest.mark.parametrize(("sides", "is_put"), STANDINGS)
@pytest.mark.parametrize("side", ["recipient", "provider"])
def test_it_declines_all_in_one_press(asked, sides, is_put, side):
    grow(asked, sides, is_put)
    declined = decline(asked, side)
    assert (declined.state, declined.agreed_seats) == ("declined", 0)
    (seen,) = decisions.list_matches(asked.provider, asked.round.code)
    known = 28 if is_put else 20
    assert (seen.state, seen.seats) == ("declined", known)
    assert max(one.seats for one in seen.decisions) == known


@pytest.mark.parametrize("is_put", [False, True])
def test_it_declines_what_is_more_alone_where_it_says_so(asked, is_put):
    grow(asked, ALL, is_put)
    after = decline(asked, "recipient", only_more=True)
    assert (after.state, after.seats) == ("agreed", 20)


def test_where_nothing_else_stands_there_is_no_more(asked):
    asked.consent()
    for _ in range(2):
        with pytest.raises(NotValid) as refusal:
            decline(asked, "recipient", only_more=True)
        assert list(refusal.value.faults) == ["only_more"]
        asked.confirm("provider")
    assert asked.match.state == "proposed"


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize("is_marked", [False, True])
def test_the_form_offers_both(app, asked, is_put, is_marked):
    match = grow(asked, ALL, is_put)
    browser = app.test_client()
    sign_in(browser, db.session.get(Person, asked.coordinator.person_id))
    address = f"/matches/{match.id}/decline?side=recipient"
    assert 'name="only_more"' in browser.get(address).text
    mark = {"only_more": "yes"} if is_marked else {}
    assert press(browser, address, "/decline", reason="costs", **mark).status_code == 303
    assert asked.match.state == ("agreed" if is_marked else "declined")


def test_a_side_that_presses_itself_is_not_asked(app, asked):
    match = grow(asked, ALL, True)
    browser = app.test_client()
    sign_in(browser, db.session.get(Person, asked.recipient.person_id))
    address = f"/matches/{match.id}/decline?side=recipient"
    assert 'name="only_more"' not in browser.get(address).text
    assert press(browser, address, "/decline", reason="costs").status_code == 303
    assert (asked.match.state, asked.match.seats) == ("agreed", 20)


def named_seats(actor, match):
    """The seats that the actor reads in the history of a match, where it was declined."""
    rounds.fresh()
    entries = trail.list_events(actor, "match", str(match.id))
    return [one.facts["seats"] for one in entries if one.action == "decline"]


@pytest.mark.parametrize("by_letter", [False, True])
@pytest.mark.parametrize("side", ["provider", "recipient"])
def test_the_history_names_the_seats_that_were_answered_for(asked, side, by_letter):
    match = grow(asked, ("provider",), False)
    if by_letter or side == "recipient":
        decline(asked, side)
    else:
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        decisions.decline_match(asked.provider, seen.id, "provider", "costs", seen.version)
    assert asked.match.state == "declined"
    # The recipient alone was asked for 28, of which no history tells that the provider reads.
    assert named_seats(asked.coordinator, match) == [20]
    facts = [one.facts for one in trail.list_events(asked.provider, "match", str(match.id))]
    assert not [one for one in facts if 28 in (one or {}).values()]
