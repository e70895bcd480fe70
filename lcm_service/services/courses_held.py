"""What courses that were held have taken for good: seats of their needs, courses and seats of those who gave
them, and what their supports gave.

A match that was delivered is held by every plan as long as its need and its session take part. Once one of
them does not, or a coordinator has released it to end a clash, it is beside the plan, and what it took is
taken off what its records have left.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lcm_service.domain.vocabulary import LIVE_PART_STATES
from lcm_service.persistence.tables import Match, Need, Part, Plan
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.parts_needed import quantities_needed


@dataclass(frozen=True)
class TakenBeside:
    """What delivered matches took that the next plan does not hold.

    By need: its seats, those in courses for women, and the groups that were sent; by the code of a provider
    the seats that it gave; by offer the sessions that it held, but for those that the plan holds as others
    stand there.
    """

    seats: Mapping[str, int] = field(default_factory=Counter)
    seats_for_women: Mapping[str, int] = field(default_factory=Counter)
    groups: Mapping[str, int] = field(default_factory=Counter)
    seats_given: Mapping[str, int] = field(default_factory=Counter)
    sessions: Mapping[str, int] = field(default_factory=Counter)

    def is_all_of(self, need: Need) -> bool:
        """Whether nothing is left to be trained of what the need asks."""
        asked = need.seats_asked if need.seats_recognised is None else need.seats_recognised
        is_full = need.max_groups is not None and self.groups[need.reference] >= need.max_groups
        return is_full or (asked is not None and 0 < asked <= self.seats[need.reference])


def taken_beside(live: Iterable[Match], pins: Iterable[Match]) -> TakenBeside:
    """What the delivered ones among the live matches took that are no pins."""
    held, codes = {match.id for match in pins}, {match.session_code for match in pins}
    beside = [match for match in live if is_delivered(match) and match.id not in held]
    seats, for_women, groups = Counter[str](), Counter[str](), Counter[str]()
    given = Counter[str]()
    for match in beside:
        seats[match.need_reference] += match.seats
        groups[match.need_reference] += 1
        given[match.offer.participant.code] += match.seats
        if match.offer.women_only:
            for_women[match.need_reference] += match.seats
    ran = {(match.offer_reference, match.session_code) for match in beside if match.session_code not in codes}
    return TakenBeside(seats, for_women, groups, given, Counter(offer for offer, _ in ran))


def spent_on_courses(live: Iterable[Match], parts: Iterable[Part]) -> dict[str, int]:
    """What each support gave to sessions that were held, for the seats that stand there.

    Its owner's answer says what of it was given; what providers give to their own sessions is no part, so
    that the plan says it under which the course was held.
    """
    live, spent = list(live), Counter[str]()
    plans = {match.session_code: match.plan for match in live if is_delivered(match)}
    seats = Counter[str]()
    for match in live:
        seats[match.session_code] += match.seats
    given = [part for part in parts if part.session_code in plans and part.state in LIVE_PART_STATES]
    for code, plan in plans.items():
        of_session = [part for part in given if part.session_code == code]
        needed = quantities_needed(of_session, seats[code])
        for part in of_session:
            is_answered = part.state == "confirmed"
            quantity = min(part.quantity_confirmed, needed[part.id]) if is_answered else needed[part.id]
            spent[part.support_reference] += quantity
        for support, quantity in _given_by_provider(plan, code):
            spent[support] += quantity
    return dict(spent)


def _given_by_provider(plan: Plan, code: str) -> Iterator[tuple[str, int]]:
    supports, provider = plan.labels["supports"], plan.labels["sessions"][code]["provider"]
    for row in plan.document["sessions"]:
        if row["id"] == code:
            for use in row["supports"]:
                if supports[use["support"]]["provider"] == provider:
                    yield use["support"], use["quantity"]


def still_asks(need: Need, taken: TakenBeside, pinned: Collection[str]) -> bool:
    """Whether a need is planned for: not once all of it was trained, but where a match stands on it. That it
    then holds more than it asks is for a coordinator, for nothing is released without a press.
    """
    return need.reference in pinned or not taken.is_all_of(need)
