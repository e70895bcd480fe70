"""What the records say now of one pair, read of its own records alone, is what the whole round says of it."""

from datetime import date

from sqlalchemy import event

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer
from lcm_service.services.pairs_now import judge_pair_now, judge_pairs
from lcm_service.services.snapshot_records import gather_records, pair_of
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.held_courses import Scene


def crowded_round():
    """Two offers that fill up with three needs each, so that pairs share needs and sessions."""
    found = factories.make_round()
    for seats in (12, 9, 30):
        factories.make_need(round=found, seats_asked=seats, seats_recognised=seats)
    for seats in (20, 15):
        factories.make_offer(round=found, seats=seats)
    return found


def test_one_pair_is_judged_as_the_whole_round_judges_it(app):
    round_, actor = crowded_round(), rounds.coordinator()
    rounds.publish(actor, rounds.solve_round(actor, round_))
    session = db.session()
    session.query(Need).update({"seats_recognised": 5})
    session.query(Offer).filter_by(seats=20).update({"seats": 4})
    session.commit()
    records = gather_records(session, round_)
    whole = judge_pairs(session, records)
    assert len(whole) > 2
    assert {pair: judge_pair_now(session, round_, pair) for pair in whole} == whole
    assert {code for now in whole.values() for code in now.refusals} >= {"C1", "C3"}


def test_nor_does_a_course_that_was_held_elsewhere_change_it(app):
    scene = Scene(need_columns={"seats_asked": 40, "seats_recognised": 40, "women": 0})
    scene.report(scene.recipient, "recipient")
    days = {"starts_on": date(2090, 4, 3), "ends_on": date(2090, 4, 14)}
    factories.make_need(round=scene.round, latest=date(2090, 9, 30))
    factories.make_offer(round=scene.round, sessions=[days], seats=40)
    rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
    session = db.session()
    session.query(Need).filter_by(id=scene.need.id).update({"seats_recognised": 30})
    session.commit()
    whole = judge_pairs(session, gather_records(session, scene.round))
    assert len(whole) == 3
    assert {pair: judge_pair_now(session, scene.round, pair) for pair in whole} == whole
    assert any("C3" in now.refusals for now in whole.values())


def test_of_needs_and_offers_those_of_the_pair_are_read_alone(app):
    round_, actor = crowded_round(), rounds.coordinator()
    rounds.publish(actor, rounds.solve_round(actor, round_))
    lone_need, lone_offer = factories.make_need(round=round_), factories.make_offer(round=round_)
    db.session.commit()
    pair = pair_of(gather_records(db.session(), round_).pins[0])
    db.session.expunge_all()
    seen = []
    event.listen(db.session(), "loaded_as_persistent", lambda _session, one: seen.append(one))
    judge_pair_now(db.session(), round_, pair)
    read = {one.reference for one in seen if isinstance(one, Need | Offer)}
    assert pair[0] in read
    assert not {lone_need.reference, lone_offer.reference} & read
