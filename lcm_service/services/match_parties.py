"""Who else takes part in the session of a match: what its two sides read of the owners of supports, and what
recipients read of each other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.persistence import part_reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Part
from lcm_service.services.match_turns import agreed_seats, is_known_live, known_seats
from lcm_service.services.parts_needed import kinds_covered


@dataclass(frozen=True, slots=True)
class PartyOfMatch:
    """The owner of a support that the session draws on, and where its answer stands.

    How much it gives goes with the seats of others, so that is for coordinators, and so is ``part_id``.
    """

    part_id: int | None
    support_reference: str
    support_title: str
    kind: str
    owner: str
    names: Mapping[str, str]
    state: str
    quantity: int | None


@dataclass(frozen=True, slots=True)
class CoRecipient:
    """Another recipient of the session, and its seats."""

    recipient: str
    names: Mapping[str, str]
    seats: int


class PartiesOfMatches:
    """The parties of some matches, read at once."""

    def __init__(self, session: Session, actor: Actor, matches: Sequence[Match]) -> None:
        self._actor, self._coordinates = actor, may_coordinate(actor)
        self._parts = defaultdict[tuple[int, str], list[Part]](list)
        self._met = defaultdict[tuple[int, str], list[tuple[int, CoRecipient]]](list)
        for round_id in {match.round_id for match in matches}:
            codes = {match.session_code for match in matches if match.round_id == round_id}
            for part in part_reads.list_parts(session, round_id, session_codes=codes):
                self._parts[part.plan_id, part.session_code].append(part)
            for match, recipient in part_reads.list_met(session, round_id, codes):
                if is_known_live(match):
                    # Those for which it met: what it is asked for beyond them is no business of others yet.
                    seats = agreed_seats(match) or known_seats(match)
                    shown = CoRecipient(recipient.code, recipient.names, seats)
                    self._met[round_id, match.session_code].append((match.id, shown))

    def parties_of(self, match: Match) -> tuple[PartyOfMatch, ...]:
        """The parties that the match's plan counts on: for its sides those that were asked, while it is put
        and stands. To whom it is not put they would tell that others are asked about the session.

        A recipient that waits for none of them reads them as far as its own seats and those of whom it has
        met go: what an owner is asked beyond these is for seats of others.
        """
        parts = self._parts[match.plan_id, match.session_code]
        if self._coordinates:
            return tuple(self._party(part, part.state) for part in parts)
        if not is_known_live(match):
            return ()
        asked = [part for part in parts if part.put_at is not None and part.state != "planned"]
        if match.awaits_parties or self._actor.answers_for(match.offer.participant_id):
            return tuple(self._party(part, part.state) for part in asked)
        seats = known_seats(match) + sum(one.seats for one in self.co_recipients_of(match))
        covered = kinds_covered(parts, seats)
        return tuple(
            self._party(part, "confirmed" if part.kind in covered else part.state)
            for part in asked
            if part.kind not in covered or part.quantity_confirmed
        )

    def _party(self, part: Part, state: str) -> PartyOfMatch:
        owner = part.support.participant
        return PartyOfMatch(
            part_id=part.id if self._coordinates else None,
            support_reference=part.support_reference,
            support_title=part.support.title,
            kind=part.kind,
            owner=owner.code,
            names=owner.names,
            state=state,
            quantity=part.quantity if self._coordinates else None,
        )

    def co_recipients_of(self, match: Match) -> tuple[CoRecipient, ...]:
        """The other recipients of the session, once all that stood there was agreed."""
        if match.met_at is None:
            return ()
        met = self._met[match.round_id, match.session_code]
        return tuple(shown for match_id, shown in met if match_id != match.id)
