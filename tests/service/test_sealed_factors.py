"""When the secret key is changed, it is told whose second factor still needs the former, until none does."""

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import SecondFactor
from lcm_service.services import sealed_factors
from lcm_service.services.sealing import Sealer
from tests import factories
from tests.fixtures import SECRET, make_app
from tests.service.sign_in_people import events

NEW = "a new secret that is long enough for this"
FORMER, PRESENT, BOTH = Sealer([SECRET]), Sealer([NEW]), Sealer([NEW, SECRET])


@pytest.fixture
def people(app):
    """Ana and Bo, whose factors the former key has sealed, and Cy, whose the present one has."""
    for name, sealer in (("bo", FORMER), ("ana", FORMER), ("cy", PRESENT)):
        person = factories.make_person(email=f"{name}@example.org")
        sealed = sealer.seal(f"secret of {name}")
        factories.save(SecondFactor(person_id=person.id, sealed_secret=sealed, last_step=0))


def secrets_by(sealer):
    db.session.expire_all()
    rows = db.session.scalars(select(SecondFactor).order_by(SecondFactor.id))
    return [sealer.open(one.sealed_secret) for one in rows]


@pytest.mark.usefixtures("people")
def test_who_still_needs_the_former_key_is_told_and_sealed_anew():
    assert sealed_factors.list_former_seals(SYSTEM, BOTH) == ["ana@example.org", "bo@example.org"]
    assert sealed_factors.renew_seals(SYSTEM, BOTH) == 2
    assert sealed_factors.list_former_seals(SYSTEM, BOTH) == []
    assert secrets_by(PRESENT) == ["secret of bo", "secret of ana", "secret of cy"]
    assert sealed_factors.renew_seals(SYSTEM, BOTH) == 0
    assert events() == ["renew_seal"] * 2


@pytest.mark.usefixtures("people")
def test_where_one_cannot_be_opened_none_is_changed():
    lost = db.session.query(SecondFactor).order_by(SecondFactor.id).first()
    lost.sealed_secret = Sealer(["a third secret that nobody has any more"]).seal("lost")
    db.session.commit()
    before = [one.sealed_secret for one in db.session.query(SecondFactor).order_by(SecondFactor.id)]
    with pytest.raises(Conflict, match="LCM_FORMER_SECRET_KEYS"):
        sealed_factors.renew_seals(SYSTEM, BOTH)
    db.session.expire_all()
    assert [one.sealed_secret for one in db.session.query(SecondFactor).order_by(SecondFactor.id)] == before
    assert len(sealed_factors.list_former_seals(SYSTEM, BOTH)) == 2


@pytest.mark.parametrize("role", ["coordinator", "focal_point", "observer"])
def test_only_administrators_look_after_them(app, role):
    for act in (sealed_factors.list_former_seals, sealed_factors.renew_seals):
        with pytest.raises(NotAllowed):
            act(factories.make_actor(role), BOTH)


def test_the_commands_say_whose_and_how_many(service_url):
    app = make_app(service_url, secret_key=NEW, former_secret_keys=SECRET)
    with app.app_context():
        person = factories.make_person(email="ana@example.org")
        factories.save(SecondFactor(person_id=person.id, sealed_secret=FORMER.seal("a secret"), last_step=0))
        db.session.remove()
        db.engine.dispose()
    run = app.test_cli_runner().invoke
    told = run(args=["lcm", "list-former-seals"]).output.splitlines()
    assert told == ["ana@example.org", "1 second factors are sealed with a former key."]
    assert "1 second factors are sealed anew" in run(args=["lcm", "renew-seals"]).output
    assert run(args=["lcm", "list-former-seals"]).output.startswith("0 second factors")
    with app.app_context():
        db.engine.dispose()
