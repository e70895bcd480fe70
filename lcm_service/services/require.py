"""What a button names and must be there."""

from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotFound
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.tables import Round


def require_round(session: Session, code: str) -> Round:
    """The round of this code. Raises NotFound."""
    found = reads.find_round(session, code)
    if found is None:
        raise NotFound(sentence("There is no round %(round)s.", round=code))
    return found
