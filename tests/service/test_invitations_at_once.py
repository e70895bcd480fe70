"""Several who invite one address, accept one invitation or withdraw it at once: one of them is first.

On PostgreSQL two requests do run at once; SQLite takes them in turn.
"""

from threading import Thread

import pytest

from lcm_service.domain.errors import LcmError
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Invitation, Person
from lcm_service.services import invitations
from tests import factories
from tests.service.test_invitations import PASSWORD, act, invite
from tests.service.test_two_at_once import at_once


@pytest.fixture
def lead(app):
    return factories.make_person(email="lead@example.org", is_lead=True)


def test_of_several_who_accept_one_invitation_one_has_an_account_and_the_others_are_too_late(app, lead):
    _, code = invite(act(lead))
    acts = [lambda: invitations.accept_invitation(code, "Ana", PASSWORD)] * 5
    answers = at_once(app, acts, LcmError)
    assert sum(isinstance(one, Person) for one in answers) == 1
    # Told so, and not that others were writing and it might be tried again.
    assert [one.message for one in answers if not isinstance(one, Person)] == [
        invitations.NO_SUCH_INVITATION
    ] * 4


def test_of_several_who_invite_one_address_one_invitation_waits(app, lead):
    actor = act(lead)
    answers = at_once(app, [lambda: invite(actor)] * 6)
    assert any(isinstance(one, tuple) for one in answers)
    waiting = [one for one in db.session.query(Invitation) if one.withdrawn_at is None]
    assert len(waiting) == 1


def test_an_invitation_is_accepted_or_withdrawn_but_not_both(app, lead, monkeypatch):
    actor = act(lead)
    invitation, code = invite(actor)
    refusals: list[str] = []

    def accept():
        with app.app_context():
            try:
                invitations.accept_invitation(code, "Ana", PASSWORD)
            except LcmError as refusal:
                refusals.append(refusal.message)
            finally:
                db.session.remove()

    accepting = Thread(target=accept)
    may_withdraw = invitations._may_withdraw

    def accept_meanwhile(*about):
        """Whoever withdraws has read the invitation, which was not accepted; now somebody accepts it."""
        accepting.start()
        # It waits for the withdrawal to end, so it is not waited for long.
        accepting.join(timeout=2)
        return may_withdraw(*about)

    monkeypatch.setattr(invitations, "_may_withdraw", accept_meanwhile)
    invitations.withdraw_invitation(actor, invitation.id)
    accepting.join()
    db.session.expire_all()
    kept = db.session.get(Invitation, invitation.id)
    assert (kept.accepted_at is None) != (kept.withdrawn_at is None)
    assert refusals == [invitations.NO_SUCH_INVITATION]
    assert db.session.query(Person).count() == 1
