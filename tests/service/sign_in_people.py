"""Ana, who signs in with or without a second factor, and what came of it: for the tests of signing in."""

import pyotp
from sqlalchemy import select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, OutboxMessage, SecondFactor
from lcm_service.services import sign_ins
from lcm_service.services.sealing import Sealer
from tests import factories

SEALER = Sealer(["a secret that is only ever used in tests"])
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def person_with(**columns):
    return factories.make_person(email="ana@example.org", **columns)


def begin(source=HERE):
    return sign_ins.sign_in("ana@example.org", factories.PASSWORD, source, "Mozilla/5.0 Firefox/140.0")


def with_factor(**columns):
    """A person with a second factor; gives it, its application and its recovery codes."""
    person = person_with(**columns)
    begun = begin()
    application, _, codes = set_up_by(begun.key)
    forget_used_codes()
    return person, application, codes


def set_up_by(key):
    """Take the secret that a half sign-in is shown, and confirm it; gives application, sign-in and codes."""
    shown = sign_ins.find_enrolment(key, SEALER)
    application = pyotp.TOTP(shown.secret)
    whole, codes = sign_ins.prove_by_set_up(key, application.now(), shown.sealed, SEALER)
    return application, whole, codes


def forget_used_codes():
    """As if the last code had been used long ago: tests do not wait for the next half minute."""
    db.session.query(SecondFactor).one().last_step = 0
    db.session.commit()


def events():
    return [one.action for one in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


def messages():
    return [one.kind for one in db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))]
