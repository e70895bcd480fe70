"""What is over is forgotten after its time by the service itself, and what is not over is kept."""

import threading
from datetime import timedelta

import pytest

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import SYSTEM
from lcm_service.jobs.housekeeping import Housekeeping
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Invitation, PasswordRenewal, SignIn, SignInFailure
from lcm_service.services.forgetting import forget_what_is_over
from tests import factories
from tests.fixtures import key_of_new_sign_in

DAY = timedelta(days=1)


def invitation(name, **columns):
    values = {"email": f"{name}@example.org", "name": name, "role": "observer", "code_sha256": name}
    return factories.save(Invitation(**values, **({"expires_at": utc_now() + DAY} | columns)))


@pytest.fixture
def rows(app):
    """One of each that is over for long, and one of each that is not."""
    now = utc_now()
    old, lately = now - 31 * DAY, now - 29 * DAY
    person = factories.make_person()
    for name, ends_at, ended_at in (
        ("old", old, None),
        ("ended", now + DAY, old),
        ("lately", lately, None),
        ("present", now + DAY, None),
    ):
        key_of_new_sign_in(person, device=name, ends_at=ends_at, ended_at=ended_at)
    invitation("old", expires_at=old)
    invitation("accepted", accepted_at=old)
    invitation("withdrawn", withdrawn_at=old)
    invitation("lately", expires_at=lately)
    invitation("open")
    for code, expires_at, used_at in (
        ("old", old, None),
        ("used", now, old),
        ("lately", lately, None),
        ("open", now + DAY, None),
    ):
        values = {"code_sha256": code, "expires_at": expires_at, "used_at": used_at}
        factories.save(PasswordRenewal(person_id=person.id, **values))
    factories.save(SignInFailure(key_sha256="old", at=now - 25 * timedelta(hours=1)))
    factories.save(SignInFailure(key_sha256="lately", at=now - 23 * timedelta(hours=1)))


def kept():
    db.session.expire_all()
    return {
        "sign_ins": {one.device for one in db.session.query(SignIn)},
        "invitations": {one.name for one in db.session.query(Invitation)},
        "renewals": {one.code_sha256 for one in db.session.query(PasswordRenewal)},
        "failures": {one.key_sha256 for one in db.session.query(SignInFailure)},
    }


REMAINING = {
    "sign_ins": {"lately", "present"},
    "invitations": {"lately", "open"},
    "renewals": {"lately", "open"},
    "failures": {"lately"},
}


@pytest.mark.usefixtures("rows")
def test_what_has_been_over_for_its_time_is_forgotten_and_nothing_else():
    assert forget_what_is_over(SYSTEM) == 8
    assert kept() == REMAINING
    assert forget_what_is_over(SYSTEM) == 0


@pytest.mark.usefixtures("rows")
def test_a_worker_forgets_though_nobody_signs_in_or_invites(app):
    Housekeeping(app, threading.Event()).do_what_is_due()
    assert kept() == REMAINING


@pytest.mark.parametrize("role", ["administrator", "coordinator", "focal_point"])
def test_nobody_else_has_anything_forgotten(app, role):
    with pytest.raises(NotAllowed):
        forget_what_is_over(factories.make_actor(role))
