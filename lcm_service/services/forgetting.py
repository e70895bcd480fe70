"""What is over is forgotten after its time, whether or not anybody signs in or invites meanwhile."""

from sqlalchemy import ColumnElement, delete, or_

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import ENDED_SIGN_INS_KEPT_FOR
from lcm_service.persistence.database import Table, transaction, utc_now
from lcm_service.persistence.tables import Invitation, PasswordRenewal, Sheet, SignIn, SignInFailure
from lcm_service.services.throttle import LONGEST_COUNT


def forget_what_is_over(actor: Actor) -> int:
    """Forget failed attempts that count no more, sheets whose day is over, and sign-ins, invitations and
    renewals that have been over for a month; gives how many rows there were. Raises NotAllowed for all but
    the system.
    """
    if not actor.is_system:
        raise NotAllowed(sentence("The service itself forgets what is over."))
    now = utc_now()
    long_ago = now - ENDED_SIGN_INS_KEPT_FOR
    over: tuple[tuple[type[Table], ColumnElement[bool]], ...] = (
        (SignInFailure, SignInFailure.at <= now - LONGEST_COUNT),
        (Sheet, Sheet.expires_at <= now),
        (SignIn, or_(SignIn.ends_at < long_ago, SignIn.ended_at < long_ago)),
        (
            Invitation,
            or_(
                Invitation.expires_at < long_ago,
                Invitation.accepted_at < long_ago,
                Invitation.withdrawn_at < long_ago,
            ),
        ),
        (PasswordRenewal, or_(PasswordRenewal.expires_at < long_ago, PasswordRenewal.used_at < long_ago)),
    )
    with transaction() as session:
        forgotten = [session.execute(delete(table).where(condition)) for table, condition in over]
        return sum(one.rowcount for one in forgotten)  # type: ignore[attr-defined]
