"""What is asked before other days are proposed or accepted: by whom, which days, and what records say."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.record_rules import ENDS_BEFORE_START, Faults
from lcm_service.domain.sentences import Coded, Sentence, sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateProposal, Match, Round
from lcm_service.services.date_rules import is_held_for_any
from lcm_service.services.days_now import Obstacle, find_obstacles
from lcm_service.services.delivery_states import require_not_delivered, was_not_held
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.held_matches import HeldMatch
from lcm_service.services.match_turns import is_known_live

# A course that is longer is a programme of several.
LONGEST_COURSE: Final = timedelta(days=366)
FAULTY: Final = sentence("These days cannot be proposed. Correct them and send them again.")
NOT_TO_COME: Final = sentence("The course has to begin after today.")
TOO_LONG: Final = sentence("A course lasts a year at most.")
SAME_DAYS: Final = sentence("The session is on these days already.")


def days_to_move(match: Match) -> tuple[date, date]:
    days = days_of_match(match)
    if days.start is None or days.end is None:
        raise Conflict(
            sentence(
                "Session %(session)s names no days yet. Its provider states them in the offer; until "
                "then there is nothing to propose others for.",
                session=match.session_code,
            )
        )
    return days.start, days.end


def require_may_propose(session: Session, held: HeldMatch, before: tuple[date, date]) -> None:
    """Whoever has confirmed may propose too, and where all is agreed: its days change in no other way. What
    has begun is moved only where it was not held.
    """
    held.require_asked()
    if not is_known_live(held.match):
        raise Conflict(
            sentence(
                "Other dates are proposed for a match that stands and that its provider knows. A recipient "
                "first agrees to be put to the provider."
            ),
            state=held.state,
        )
    require_not_delivered(held.match)
    if before[0] <= utc_now().date():
        _require_not_held(session, held, before[0])


def _require_not_held(session: Session, held: HeldMatch, first_day: date) -> None:
    """Its own report counts: another's would tell a recipient that there are others."""
    code = held.match.session_code
    if not was_not_held(held.match):
        raise Conflict(
            sentence(
                "Session %(session)s began on %(day)s. Where the course was not held, report that first; "
                "then other dates can be proposed.",
                session=code,
                day=first_day,
            ),
            first_day=str(first_day),
        )
    rows = reads.list_match_sides(session, round_id=held.round.id, session_code=code)
    if is_held_for_any(rows):
        raise Conflict(
            sentence(
                "Session %(session)s began on %(day)s and is not moved any more. Write to the coordinators: "
                "they release the match, and a new plan places its need again.",
                session=code,
                day=first_day,
            ),
            first_day=str(first_day),
        )


def require_none_open(own: DateProposal | None, open_now: Sequence[DateProposal]) -> None:
    """One's own comes first, and so does what is put to all: whoever may propose was asked about that."""
    if own is not None or any(one.state == "put" for one in open_now):
        raise Conflict(
            sentence(
                "Other dates are proposed for this session already. Answer them, or take back your own, "
                "first."
            )
        )


def require_none_put(session: Session, proposal: DateProposal) -> None:
    """Two pairs of days cannot be asked about at once."""
    open_now = date_reads.list_date_proposals(
        session, proposal.round_id, session_code=proposal.session_code, only_open=True
    )
    if any(one.state == "put" for one in open_now):
        raise Conflict(
            sentence(
                "Other dates are put to those who take part already. Wait for their answers, or take back "
                "your own, first."
            )
        )


def require_possible_days(before: tuple[date, date], days: tuple[date, date]) -> None:
    faults: Faults = {}
    if days[0] <= utc_now().date():
        faults["starts_on"] = [NOT_TO_COME]
    elif days == before:
        faults["starts_on"] = [SAME_DAYS]
    if days[1] < days[0]:
        faults["ends_on"] = [ENDS_BEFORE_START]
    elif days[1] - days[0] >= LONGEST_COURSE:
        faults["ends_on"] = [TOO_LONG]
    if faults:
        raise NotValid(FAULTY, faults)


def require_no_obstacle(
    session: Session, actor: Actor, round_: Round, code: str, days: tuple[date, date], participant_id: int
) -> None:
    """Raise Conflict where the participant's own records speak against the days; a coordinator that speaks
    for it reads what any record says.
    """
    found = find_obstacles(session, round_, code, *days)
    if may_coordinate(actor):
        if found:
            raise Conflict(
                sentence(
                    "Session %(session)s cannot be held on these dates for all who take part: %(obstacles)s.",
                    session=code,
                    obstacles=_listed(found),
                ),
                obstacles=[{"code": one.code, "record": one.record} for one in found],
            )
        return
    own = [one for one in found if one.owner_id == participant_id]
    if own:
        raise Conflict(
            sentence(
                "Your own records speak against these dates: %(obstacles)s. Change them first, or name "
                "others.",
                obstacles=_listed(own),
            ),
            rules=sorted({one.code for one in own}),
        )


def _listed(obstacles: Sequence[Obstacle]) -> list[Sentence]:
    return [
        sentence("%(record)s (%(limit)s)", record=one.record, limit=Coded("limit", one.code))
        for one in obstacles
    ]
