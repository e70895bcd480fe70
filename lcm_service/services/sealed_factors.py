"""When the secret key is changed: whose second factor is sealed with a former one, and sealing them anew.

After a leak of the former key, sealing anew is not enough: who has the key and an old copy of the database
knows the secrets. Those people set up another second factor.
"""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Person, SecondFactor
from lcm_service.services.sealing import Sealer
from lcm_service.services.trail import record_event


def list_former_seals(actor: Actor, sealer: Sealer) -> list[str]:
    """The addresses of those whose second factor is not sealed with the present key, in order.

    Raises NotAllowed for all but administrators and the system.
    """
    _require_administrator(actor)
    return [email for _, email in _with_former_seal(db.session(), sealer)]


def renew_seals(actor: Actor, sealer: Sealer) -> int:
    """Seal with the present key what a former one has sealed; gives how many there were. All or none.

    Raises NotAllowed as `list_former_seals` does, and Conflict where none of the keys opens one.
    """
    _require_administrator(actor)
    with transaction() as session:
        found = list(_with_former_seal(session, sealer, is_to_change=True))
        for factor, _ in found:
            factor.sealed_secret = sealer.seal(sealer.open(factor.sealed_secret))
            record_event(session, actor, "renew_seal", "person", str(factor.person_id))
        return len(found)


def _with_former_seal(
    session: Session, sealer: Sealer, *, is_to_change: bool = False
) -> Iterator[tuple[SecondFactor, str]]:
    query = (
        select(SecondFactor, Person.email)
        .join(Person, SecondFactor.person_id == Person.id)
        .order_by(Person.email)
    )
    if is_to_change:
        # A factor that is set up anew at this moment is sealed with the present key, and stays.
        query = query.with_for_update(of=SecondFactor)
    for factor, email in session.execute(query):
        if sealer.is_former(factor.sealed_secret):
            yield factor, email


def _require_administrator(actor: Actor) -> None:
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Second factors are looked after by administrators."))
