"""C1 to C12 of docs/matching.md, 4, stated a second time over the seats of a plan: one function each.

Every function yields a `Violation` for each breach, with what it found, which record it concerns and what
would put it right. Only what the plan holds is looked at, so the work grows with the plan.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from optimizer.plan import Assignment, Plan, SupportUse
from optimizer.problem import ANY, Need, Problem, Session, Support
from optimizer.verifying.rules import (
    INTERPRETATION,
    Facts,
    bridges_again,
    links,
    lower,
    needs_bridge,
    support_fits,
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing a plan gets wrong: its code, the records it concerns and a sentence that says what to do."""

    code: str
    need: str | None
    session: str | None
    message: str


@dataclass
class Ledger:
    """The seats of a plan, entered once by need and by session. Only known records, one row a pair.

    `refused` are the pairs that a rule refuses. Their seats count wherever seats are shared; but C2 and C12,
    which look at the group alone, have nothing to add to what the rule said of it.
    """

    facts: Facts
    rows: list[Assignment]
    refused: set[tuple[str, str]] = field(default_factory=set)
    by_need: dict[str, list[Assignment]] = field(default_factory=lambda: defaultdict(list))
    by_session: dict[str, list[Assignment]] = field(default_factory=lambda: defaultdict(list))
    seats: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_need[row.need].append(row)
            self.by_session[row.session].append(row)
            self.seats[row.need, row.session] = row.seats

    @property
    def problem(self) -> Problem:
        return self.facts.problem

    def filled(self, session_id: str) -> int:
        return sum(row.seats for row in self.by_session.get(session_id, ()))

    def placed(self, need_id: str) -> int:
        return sum(row.seats for row in self.by_need.get(need_id, ()))

    def running(self) -> Iterator[tuple[Session, list[Assignment]]]:
        """Yield each session that runs with its groups, by session id."""
        for session_id in sorted(self.by_session):
            yield self.problem.session_by_id[session_id], self.by_session[session_id]

    def served(self) -> Iterator[tuple[Need, list[Assignment]]]:
        for need_id in sorted(self.by_need):
            yield self.problem.need_by_id[need_id], self.by_need[need_id]

    def seats_by_recipient(self, groups: list[Assignment]) -> dict[str, int]:
        seats: dict[str, int] = defaultdict(int)
        for row in groups:
            seats[self.problem.need_by_id[row.need].recipient] += row.seats
        return dict(sorted(seats.items()))


def find_breaches(ledger: Ledger, plan: Plan) -> Iterator[Violation]:
    """Yield every breach of C1 to C12, in that order (C9 and C10 together, session by session)."""
    yield from _check_session_seats(ledger)
    yield from _check_group_sizes(ledger)
    yield from _check_need_seats(ledger)
    yield from _check_group_counts(ledger)
    yield from _check_recipients(ledger)
    yield from _check_offers(ledger)
    yield from _check_teams(ledger)
    yield from _check_provider_seats(ledger)
    yield from _check_bridges_stated(ledger)
    yield from _check_supports(ledger, plan)
    yield from _check_pins(ledger)
    yield from _check_women(ledger)


def _check_session_seats(ledger: Ledger) -> Iterator[Violation]:
    """C1: a session holds at most its seats, at least min_seats, or nothing."""
    for session, _ in ledger.running():
        filled, seats = ledger.filled(session.id), ledger.facts.seats_of_session(session)
        if filled > seats:
            message = f"Session {session.id} has {seats} seats and {filled} are placed there."
            yield Violation("C1", None, session.id, f"{message} Take {filled - seats} away.")
        if filled < session.min_seats:
            message = (
                f"Session {session.id} runs with at least {session.min_seats} seats; {filled} are placed."
            )
            missing = session.min_seats - filled
            yield Violation("C1", None, session.id, f"{message} Place {missing} more or leave it empty.")


def _check_group_sizes(ledger: Ledger) -> Iterator[Violation]:
    """C2: a group is no smaller than the need's min_group."""
    for row in ledger.rows:
        min_group = ledger.problem.need_by_id[row.need].min_group
        if row.seats < min_group and (row.need, row.session) not in ledger.refused:
            message = (
                f"Need {row.need} sends at least {min_group} to a session; {row.session} holds {row.seats}."
            )
            yield Violation(
                "C2", row.need, row.session, f"{message} Place at least {min_group} there, or none."
            )


def _check_need_seats(ledger: Ledger) -> Iterator[Violation]:
    """C3: a need gets at most its seats; a whole need all of them or none."""
    for need, _ in ledger.served():
        placed, seats = ledger.placed(need.id), ledger.facts.seats_of_need(need)
        if placed > seats:
            message = f"Need {need.id} asks for {seats} seats and gets {placed}. Take {placed - seats} away."
            yield Violation("C3", need.id, None, message)
        elif need.whole and placed < seats:
            message = f"Need {need.id} takes all its {seats} seats or none, and gets {placed}."
            yield Violation("C3", need.id, None, f"{message} Place {seats - placed} more, or none.")


def _check_group_counts(ledger: Ledger) -> Iterator[Violation]:
    """C4: a need is spread over at most max_groups sessions."""
    for need, groups in ledger.served():
        if need.max_groups is not None and len(groups) > need.max_groups:
            message = (
                f"Need {need.id} may be spread over {need.max_groups} sessions and is over {len(groups)}."
            )
            yield Violation("C4", need.id, None, f"{message} Use fewer sessions.")


def _check_recipients(ledger: Ledger) -> Iterator[Violation]:
    """C5: at most max_recipients recipients (one for a travelling team), max_per_recipient seats each."""
    for session, groups in ledger.running():
        seats = ledger.seats_by_recipient(groups)
        limit = session.max_recipients
        if session.mode == "mobile_team" and session.place is None:
            limit = 1
        if limit is not None and len(seats) > limit:
            message = f"Session {session.id} takes at most {limit} recipients and has {', '.join(seats)}."
            yield Violation("C5", None, session.id, f"{message} Move {len(seats) - limit} of them elsewhere.")
        for recipient, taken in seats.items():
            if session.max_per_recipient is not None and taken > session.max_per_recipient:
                most = session.max_per_recipient
                message = (
                    f"Session {session.id} gives one recipient at most {most} seats; {recipient} has {taken}."
                )
                yield Violation("C5", None, session.id, f"{message} Take {taken - most} away.")


def _check_offers(ledger: Ledger) -> Iterator[Violation]:
    """C6: of an offer's candidate sessions at most max_sessions run."""
    running: dict[str, list[str]] = defaultdict(list)
    for session, _ in ledger.running():
        running[session.offer].append(session.id)
    for offer_id, session_ids in sorted(running.items()):
        limit = ledger.problem.offer_by_id[offer_id].max_sessions
        if limit is not None and len(session_ids) > limit:
            message = f"Offer {offer_id} may run {limit} sessions and runs {', '.join(session_ids)}."
            yield Violation(
                "C6", None, session_ids[limit], f"{message} Empty {len(session_ids) - limit} of them."
            )


def _check_teams(ledger: Ledger) -> Iterator[Violation]:
    """C7: on no day do more team sessions of a provider run than it has teams. Only the first is told."""
    starts: dict[str, list[tuple[date, str]]] = defaultdict(list)
    ends: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for session, _ in ledger.running():
        if session.team and session.start is not None and session.end is not None:
            provider_id = ledger.facts.offer_of(session).provider
            starts[provider_id].append((session.start, session.id))
            ends[provider_id].append((session.end, session.id))
    for provider_id in sorted(starts):
        teams = ledger.problem.provider_by_id[provider_id].teams
        breach = None if teams is None else find_first_overlap(starts[provider_id], ends[provider_id], teams)
        if breach is not None:
            day, session_id, busy = breach
            message = f"Provider {provider_id} has {teams} teams and {', '.join(busy)} run on {day}."
            yield Violation("C7", None, session_id, f"{message} Empty {len(busy) - (teams or 0)} of them.")


def find_first_overlap(
    starts: list[tuple[date, str]], ends: list[tuple[date, str]], teams: int
) -> tuple[date, str, list[str]] | None:
    """Return the first day on which more than `teams` run, the session that is too many, and all.

    On one day, what starts comes before what ends, for start and end day both count.
    """
    events = sorted([(day, 0, id) for day, id in starts] + [(day, 1, id) for day, id in ends])
    busy: set[str] = set()
    for day, is_end, session_id in events:
        if is_end:
            busy.discard(session_id)
            continue
        busy.add(session_id)
        if len(busy) > teams:
            return day, session_id, sorted(busy)
    return None


def _check_provider_seats(ledger: Ledger) -> Iterator[Violation]:
    """C8: the sessions of a provider place at most its seats."""
    placed: dict[str, int] = defaultdict(int)
    for session, _ in ledger.running():
        placed[ledger.facts.offer_of(session).provider] += ledger.filled(session.id)
    for provider_id, seats in sorted(placed.items()):
        limit = ledger.problem.provider_by_id[provider_id].seats
        if limit is not None and seats > limit:
            message = f"Provider {provider_id} gives at most {limit} seats and its sessions hold {seats}."
            yield Violation("C8", None, None, f"{message} Take {seats - limit} away.")


def _check_bridges_stated(ledger: Ledger) -> Iterator[Violation]:
    """C10: a group that shares no language with its session names one that bridges it; others none."""
    for row in ledger.rows:
        need, session = ledger.problem.need_by_id[row.need], ledger.problem.session_by_id[row.session]
        if not needs_bridge(need, session):
            if row.bridged_by is not None:
                message = f"Need {need.id} needs no bridge in session {session.id}; bridged_by must be null."
                yield Violation("C10", need.id, session.id, message)
            continue
        bridges = bridges_again(ledger.facts, need, session)
        if bridges and (row.bridged_by is None or row.bridged_by.lower() not in lower(bridges)):
            message = (
                f"Need {need.id} shares no language with session {session.id} and names {row.bridged_by}."
            )
            yield Violation(
                "C10", need.id, session.id, f"{message} Bridge it by one of {', '.join(bridges)}."
            )


def _check_supports(ledger: Ledger, plan: Plan) -> Iterator[Violation]:
    """C9 and C10: what running sessions need is given, by supports that fit, within their limits."""
    uses_by_session = {
        row.id: [use for use in row.supports if use.support in ledger.problem.support_by_id]
        for row in plan.sessions
    }
    given: dict[str, int] = defaultdict(int)
    for session, groups in ledger.running():
        uses = uses_by_session.get(session.id, [])
        for use in uses:
            given[use.support] += use.quantity
            yield from _check_use(ledger, session, groups, use)
        yield from _check_totals(ledger, session, groups, uses)
    for support_id, quantity in sorted(given.items()):
        limit = ledger.problem.support_by_id[support_id].quantity or 0
        if quantity > limit:
            message = f"Support {support_id} has {limit} units over all sessions and gives {quantity}."
            yield Violation("C9", None, None, f"{message} Take {quantity - limit} from another support.")


def _check_use(
    ledger: Ledger, session: Session, groups: list[Assignment], use: SupportUse
) -> Iterator[Violation]:
    support = ledger.problem.support_by_id[use.support]
    name = f"Support {support.id} in session {session.id}"
    if use.kind != support.kind:
        yield Violation("C9", None, session.id, f"{name} is of kind {support.kind}, not {use.kind}.")
    if use.quantity < 1:
        yield Violation(
            "C9", None, session.id, f"{name} gives {use.quantity} units. State at least 1, or no row."
        )
    if not support_fits(ledger.facts, support, session):
        message = f"{name} does not fit its dates, areas or place, or was declined. Use another support."
        yield Violation("C9", None, session.id, message)
    if support.per_session is not None and use.quantity > support.per_session:
        message = f"{name} gives {use.quantity} units; at most {support.per_session} go to one session."
        yield Violation("C9", None, session.id, message)
    if not may_be_used(ledger, support, session, groups):
        message = (
            f"{name} is kept for {', '.join(sorted(support.only or ()))}, which is neither the provider,"
        )
        message += " a partner nor a code of every recipient there. Use another support."
        yield Violation("C9", None, session.id, message)


def may_be_used(ledger: Ledger, support: Support, session: Session, groups: list[Assignment]) -> bool:
    """`only`: the offer's provider or a partner is in it, or a code of every recipient placed there."""
    if support.only is None or ANY in support.only:
        return True
    offer = ledger.facts.offer_of(session)
    if offer.provider in support.only or offer.partners & support.only:
        return True
    return all(
        ledger.facts.codes_of(recipient) & support.only for recipient in ledger.seats_by_recipient(groups)
    )


def _check_totals(
    ledger: Ledger, session: Session, groups: list[Assignment], uses: list[SupportUse]
) -> Iterator[Violation]:
    """Each kind gives exactly what is required, and one unit of interpretation a bridging language."""
    filled = ledger.filled(session.id)
    needed: dict[str, int] = defaultdict(int)
    for requirement in session.requires or ():
        needed[requirement.kind] += requirement.quantity + requirement.per_seat * filled
    given: dict[str, int] = defaultdict(int)
    for use in uses:
        given[ledger.problem.support_by_id[use.support].kind] += use.quantity
    bridging = _bridging_languages(ledger, session, groups)
    needed[INTERPRETATION] += len(bridging)
    for kind in sorted(needed.keys() | given.keys()):
        if given[kind] == needed[kind]:
            continue
        is_bridge_short = kind == INTERPRETATION and bridging and given[kind] < needed[kind]
        message = (
            f"Session {session.id} needs {needed[kind]} of {kind} for {filled} seats and gets {given[kind]}."
        )
        if bridging and kind == INTERPRETATION:
            message += f" One unit each is for {', '.join(bridging)}."
        yield Violation("C10" if is_bridge_short else "C9", None, session.id, message)
    if given[INTERPRETATION] >= needed[INTERPRETATION] and bridging:
        unserved = _find_unserved(ledger, session, bridging, uses)
        if unserved is not None:
            message = f"Session {session.id}: no unit of interpretation is left that links {unserved}."
            yield Violation("C10", None, session.id, message)


def _bridging_languages(ledger: Ledger, session: Session, groups: list[Assignment]) -> list[str]:
    """Return the different languages by which groups of this session are bridged, as they say."""
    return sorted(
        {
            row.bridged_by.lower()
            for row in groups
            if row.bridged_by is not None and needs_bridge(ledger.problem.need_by_id[row.need], session)
        }
    )


def _find_unserved(
    ledger: Ledger, session: Session, languages: list[str], uses: list[SupportUse]
) -> str | None:
    """Return a language that gets no unit of its own however the units are shared out, or ``None``.

    A bipartite matching of languages to units by augmenting paths: a support of interpretation may serve
    several languages, one unit each, and what is left over goes to what the session requires.
    """
    supports = {use.support: ledger.problem.support_by_id[use.support] for use in uses}
    units = {use.support: use.quantity for use in uses if supports[use.support].kind == INTERPRETATION}
    served: dict[str, list[str]] = {support_id: [] for support_id in units}

    def serve(language: str, tried: set[str]) -> bool:
        for support_id in sorted(units):
            if support_id in tried or not links(supports[support_id], language, session):
                continue
            tried.add(support_id)
            if len(served[support_id]) < units[support_id]:
                served[support_id].append(language)
                return True
            for other in served[support_id]:
                if serve(other, tried):
                    served[support_id].remove(other)
                    served[support_id].append(language)
                    return True
        return False

    return next((language for language in languages if not serve(language, set())), None)


def _check_pins(ledger: Ledger) -> Iterator[Violation]:
    """C11: a pinned pair holds at least, or exactly, its seats."""
    for pin in ledger.problem.pinned:
        seats = ledger.seats.get((pin.need, pin.session), 0)
        if seats < pin.seats or (pin.rule == "exactly" and seats != pin.seats):
            agreed = f"{'exactly' if pin.rule == 'exactly' else 'at least'} {pin.seats}"
            message = f"Need {pin.need} is pinned to {agreed} seats in session {pin.session} and has {seats}."
            yield Violation("C11", pin.need, pin.session, message)


def _check_women(ledger: Ledger) -> Iterator[Violation]:
    """C12: a need's seats in sessions for women are at most its women (unknown: its seats)."""
    for need, groups in ledger.served():
        taken = sum(
            row.seats
            for row in groups
            if ledger.problem.session_by_id[row.session].women_only
            and (need.id, row.session) not in ledger.refused
        )
        women = need.women if need.women is not None else ledger.facts.seats_of_need(need)
        if taken > women:
            message = f"Need {need.id} has {women} women and {taken} seats in sessions for women."
            yield Violation("C12", need.id, None, f"{message} Take {taken - women} away.")
