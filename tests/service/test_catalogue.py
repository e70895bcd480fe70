"""The catalogue finds offers by what they and their sessions say, for those who see offers, and no draft."""

from datetime import date, timedelta

import pytest

from lcm_service.domain.catalogue import Wish
from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.services.catalogue import search_offers
from lcm_service.services.submissions import save_draft
from tests import factories

APRIL, MAY = date(2027, 4, 1), date(2027, 5, 1)


@pytest.fixture
def round_(app):
    return factories.make_round()


def found(actor, round_, **wish):
    return [(one.offer.reference, one.open) for one in search_offers(actor, round_.code, Wish(**wish))]


def test_days_of_sessions_count_and_withdrawn_ones_do_not(round_):
    reader = factories.make_actor("focal_point")
    days = {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 16)}
    dated = factories.make_offer(round=round_, sessions=[days])
    factories.make_offer(round=round_, sessions=[days | {"is_withdrawn": True}, {"starts_on": MAY}])
    open_ = factories.make_offer(round=round_, sessions=[{"starts_on": MAY}, {}])
    window = factories.make_offer(round=round_, not_before=date(2027, 4, 30))
    assert found(reader, round_, month=APRIL) == [
        (dated.reference, ()),
        (window.reference, ()),
        (open_.reference, ("dates",)),
    ]


def test_the_place_of_a_session_counts_and_what_comes_to_the_trainees_is_everywhere(round_):
    reader = factories.make_actor("focal_point")
    for code, region in (("XQA", "X01"), ("XQB", "X02")):
        factories.make_place(code, regions=[region])
    here = factories.make_offer(round=round_, place_code="XQB", sessions=[{"place_code": "XQA"}])
    factories.make_offer(round=round_, place_code="XQB")
    online = factories.make_offer(round=round_, mode="online", place_code=None)
    nowhere = factories.make_offer(round=round_, mode="provider_centre", place_code=None)
    assert found(reader, round_, region="X01") == [
        (here.reference, ()),
        (online.reference, ()),
        (nowhere.reference, ("place",)),
    ]


def test_a_place_that_nobody_has_said_hides_nothing(round_):
    reader = factories.make_actor("focal_point")
    for code, region in (("XQA", "X01"), ("XQB", "X02")):
        factories.make_place(code, regions=[region])
    half = factories.make_offer(round=round_, place_code=None, sessions=[{"place_code": "XQA"}, {}])
    some_way = factories.make_offer(round=round_, mode=None, place_code="XQA")
    assert found(reader, round_, region="X02") == [
        (half.reference, ("place",)),
        (some_way.reference, ("place",)),
    ]
    assert found(reader, round_, region="X01") == [(half.reference, ()), (some_way.reference, ())]


def test_a_session_that_was_over_when_the_round_opened_is_no_offer(round_):
    reader = factories.make_actor("focal_point")
    days = {"starts_on": date(2024, 4, 5), "ends_on": round_.opens_on - timedelta(days=1)}
    factories.make_offer(round=round_, sessions=[days])
    factories.make_offer(round=round_, not_after=days["ends_on"])
    still = factories.make_offer(round=round_, sessions=[days | {"ends_on": round_.opens_on}])
    assert found(reader, round_) == [(still.reference, ())]


def test_drafts_and_withdrawn_offers_are_in_no_catalogue(round_):
    provider = factories.make_actor("focal_point")
    factories.make_offer(round=round_, state="withdrawn")
    save_draft(provider, "offer", provider.participant_code, round_.code, {"title": "Not sent"})
    assert found(provider, round_) == []


def test_an_observer_finds_only_what_its_owner_shows_outside(round_):
    observer = factories.make_actor("observer")
    factories.make_offer(round=round_, visibility_consent=False)
    shown = factories.make_offer(round=round_, visibility_consent=True)
    assert found(observer, round_) == [(shown.reference, ())]


def test_who_takes_no_part_is_refused_and_a_round_that_is_not_there_is_not_found(round_):
    with pytest.raises(NotAllowed):
        search_offers(factories.make_actor("administrator"), round_.code, Wish())
    db.session.rollback()
    with pytest.raises(NotFound):
        search_offers(factories.make_actor("focal_point"), "no-such-round", Wish())
