"""Who signs in, by password or by token, and as whom they then act."""

from argon2 import PasswordHasher

from lcm_service.domain.permissions import Actor
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person

# argon2id with the library's present defaults (64 MiB, three passes).
HASHER = PasswordHasher()


def person_of_key(key: str) -> Person | None:
    """The person of a sign-in cookie; nobody once the person is inactive or all its sign-ins were ended."""
    person_id, _, _epoch = key.partition(".")
    if not (person_id.isascii() and person_id.isdigit()):
        return None
    person = db.session.get(Person, int(person_id))
    if person is None or not person.is_active or person.get_id() != key:
        return None
    return person


def actor_of(person: Person) -> Actor:
    """As whom a person acts."""
    return Actor(
        person_id=person.id,
        role=person.role,
        participant_id=person.participant_id,
        participant_code=person.participant.code if person.participant else None,
        name=person.name,
        language=person.language,
    )
