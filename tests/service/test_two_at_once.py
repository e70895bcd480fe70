"""Two people at once: one of them is first, the other is told so, and nothing is lost or given twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict, Stale
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Need, OutboxMessage
from lcm_service.services import intake, submissions
from tests import factories

PEOPLE = 20


def at_once(app, acts, refusals=Conflict):
    """Run each act in a thread and a context of its own, all starting together; give results, or refusals of
    this kind.
    """
    start = Barrier(len(acts))

    def run(act):
        with app.app_context():
            start.wait()
            try:
                return act()
            except refusals as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.fixture
def owner(app):
    return factories.make_actor()


@pytest.fixture
def need(owner):
    participant = factories.make_participant(owner.participant_code)
    return factories.make_need(participant, factories.make_round("R2027"))


def test_of_several_revisions_of_one_version_one_stands_and_the_others_hear_whose(app, owner, need):
    titles = [f"Title {number}" for number in range(PEOPLE)]
    acts = [
        lambda title=title: submissions.revise_need(owner, need.reference, {"title": title}, 1)
        for title in titles
    ]
    results = at_once(app, acts)
    refusals = [result for result in results if isinstance(result, Stale)]
    (winner,) = [result for result in results if isinstance(result, Need)]
    assert len(refusals) == PEOPLE - 1
    for refusal in refusals:
        details: Any = refusal.details
        (change,) = details["changes"]
        assert (change["by"], change["fields"]) == (owner.name, ["title"])
    db.session.expire_all()
    stored = submissions.find_need(owner, need.reference)
    assert (stored.title, stored.version) == (winner.title, 2)
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_a_need_is_revised_or_withdrawn_but_not_both(app, owner, need):
    results = at_once(
        app,
        [
            lambda: submissions.withdraw_need(owner, need.reference, 1),
            lambda: submissions.revise_need(owner, need.reference, {"title": "Late"}, 1),
        ],
    )
    assert sorted(isinstance(result, Stale) for result in results) == [False, True]


def test_records_submitted_at_once_get_numbers_of_their_own_without_gaps(app, owner):
    factories.make_round("R2027")
    code = owner.participant_code
    acts = [lambda: submissions.submit_need(owner, code, "R2027", {"title": "T"})] * PEOPLE
    references = sorted(need.reference for need in at_once(app, acts))
    assert references == [f"N-{number:04}" for number in range(1, PEOPLE + 1)]


def test_a_session_key_is_given_once_even_to_two_at_once(app, owner):
    participant = factories.make_participant(owner.participant_code)
    offer = factories.make_offer(participant, factories.make_round("R2027"))
    acts = [lambda: submissions.revise_offer(owner, offer.reference, {"sessions": [{}]}, 1)] * 2
    results = at_once(app, acts)
    assert sorted(isinstance(result, Stale) for result in results) == [False, True]
    db.session.expire_all()
    assert [row.key for row in submissions.find_offer(owner, offer.reference).sessions] == ["S1", "S2"]


def test_two_coordinators_who_acknowledge_the_same_records_tell_their_owner_once(app, owner):
    round_ = factories.make_round("R2027")
    participant = factories.make_participant(owner.participant_code)
    needs = [factories.make_need(participant, round_) for _ in range(PEOPLE)]
    chosen = [intake.Chosen("need", one.reference, one.version) for one in needs]
    coordinators = [factories.make_actor("coordinator") for _ in range(2)]
    acts = [
        lambda actor=actor, chosen=order: intake.acknowledge_chosen(actor, "R2027", chosen)
        for actor, order in zip(coordinators, (chosen, chosen[::-1]), strict=True)
    ]
    first, second = sorted(at_once(app, acts), key=lambda found: -len(found.done))
    assert (len(first.done), len(second.done)) == (PEOPLE, 0)
    assert {why for _, why in second.left} == {f"{one.reference} is acknowledged already." for one in chosen}
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == PEOPLE
