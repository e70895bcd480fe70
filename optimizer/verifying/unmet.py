"""What a plan says of the needs that are short of seats, worked out a second time and compared.

Everything that `unmet` states is recomputed: who is short and by how much, how many sessions each rule
refuses, the nearest sessions in their order, and the reason. The reason looks at one need at a time with all
other assignments held, as the contract reads it (docs/matching.md, 6 and 8). Whether the whole round, solved
again under other limits, would give a need more is not asked, and is not what a reason says.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from optimizer.plan import Plan, UnmetNeed
from optimizer.problem import Need, Session
from optimizer.verifying.constraints import Ledger, Violation, find_first_overlap
from optimizer.verifying.refusals import Refusals, Said


def check_unmet(ledger: Ledger, plan: Plan, known: dict[str, Said] | None = None) -> Iterator[Violation]:
    """Every need that is short of its seats is listed once, and what is said of it is so."""
    for need_id, count in sorted(Counter(row.need for row in plan.unmet).items()):
        if count > 1:
            yield Violation("duplicate", need_id, None, f"Unmet need {need_id} is listed {count} times.")
        if need_id not in ledger.problem.need_by_id:
            yield Violation("unknown_id", need_id, None, f"Unmet need {need_id} is not in the problem.")
    true_rows = {row.need: row for row in unmet_again(ledger, known)}
    stated_rows = {row.need: row for row in plan.unmet}
    for need in ledger.problem.needs:
        true, stated = true_rows.get(need.id), stated_rows.get(need.id)
        short = true.seats_short if true is not None else 0
        said = stated.seats_short if stated is not None else 0
        if said != short or (stated is not None and true is None):
            message = f"Need {need.id} is short of {short} seats and the plan says {said}."
            yield Violation("unmet", need.id, None, message)
        if stated is not None and true is not None:
            yield from _compare(ledger, stated, true)


def unmet_again(ledger: Ledger, known: dict[str, Said] | None = None) -> list[UnmetNeed]:
    """Return what the plan should say of each need that is short of seats, by need id.

    ``known``, by need, is what the rules said when another plan of the same records was checked; it gains
    what they say now.
    """
    refusals, room = Refusals(ledger.facts), Room(ledger)
    rows: list[UnmetNeed] = []
    for need in ledger.problem.needs:
        short = ledger.facts.seats_of_need(need) - room.placed[need.id]
        if short > 0:
            rules = known.get(need.id) if known is not None else None
            if rules is None:
                rules = refusals.say(need)
                if known is not None:
                    known[need.id] = rules
            reason = "no_session" if rules.is_of_no_area else room.reason_of(need, rules.pairs)
            rows.append(UnmetNeed(need.id, short, reason, rules.counts, rules.nearest))
    return rows


def _compare(ledger: Ledger, stated: UnmetNeed, true: UnmetNeed) -> Iterator[Violation]:
    """What is said of one need: its reason, the counts of what blocks it, the sessions that came near."""
    if stated.reason != true.reason:
        message = f"Need {true.need} is short for the reason {true.reason}; the plan says {stated.reason}."
        yield Violation("unmet", true.need, None, message)
    if dict(stated.blocked_counts) != dict(true.blocked_counts):
        counts = ", ".join(f"{code} {count}" for code, count in true.blocked_counts.items())
        message = f"The sessions that refuse need {true.need} are, by rule: {counts or 'none'}."
        yield Violation("unmet", true.need, None, f"{message} State these counts.")
    unknown = [near.session for near in stated.nearest if near.session not in ledger.problem.session_by_id]
    for session_id in unknown:
        message = f"Session {session_id}, near need {true.need}, is not in the problem."
        yield Violation("unknown_id", true.need, session_id, message)
    if stated.nearest != true.nearest and not unknown:
        near = "; ".join(f"{row.session} ({', '.join(row.rules)})" for row in true.nearest)
        message = f"The sessions nearest to need {true.need} are {near or 'none'}. List these, in this order."
        yield Violation("unmet", true.need, None, message)


class Room:
    """What one need could still have where, with all other assignments held and supports set aside."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.facts = ledger, ledger.facts
        self.placed: dict[str, int] = defaultdict(int)  # seats by need
        self._women: dict[str, int] = defaultdict(int)  # seats in sessions for women, by need
        self._filled: dict[str, int] = defaultdict(int)  # seats by session
        self._taken: dict[tuple[str, str], int] = defaultdict(int)  # seats by session and recipient
        self._given: dict[str, int] = defaultdict(int)  # seats by provider
        self._running: dict[str, list[Session]] = defaultdict(list)  # by provider
        self._started: dict[str, int] = defaultdict(int)  # running sessions by offer
        self._may_start: dict[str, bool] = {}
        for session, groups in ledger.running():
            provider_id = self.facts.offer_of(session).provider
            self._running[provider_id].append(session)
            self._started[session.offer] += 1
            for row in groups:
                self.placed[row.need] += row.seats
                self._women[row.need] += row.seats if session.women_only else 0
                self._filled[session.id] += row.seats
                self._taken[session.id, ledger.problem.need_by_id[row.need].recipient] += row.seats
                self._given[provider_id] += row.seats

    def reason_of(self, need: Need, sessions: Sequence[Session]) -> str:
        """Return the first reason that holds of a need that pairs with these sessions."""
        if not sessions:
            return "blocked"
        if any(self._could_gain(need, session) for session in sessions):
            return "support_missing"
        if all(self._left_by_others(need, session) < need.min_group for session in sessions):
            return "not_enough_for_a_group"
        return "contention"

    def _held(self, need: Need, session: Session) -> int:
        return self.ledger.seats.get((need.id, session.id), 0)

    def _left_by_others(self, need: Need, session: Session) -> int:
        others = self._filled[session.id] - self._held(need, session)
        return self.facts.seats_of_session(session) - others

    def _could_gain(self, need: Need, session: Session) -> bool:
        """Say whether the need could hold more seats here by all that counts, but C9 and C10."""
        held = self._held(need, session)
        fewest = max(held + 1, need.min_group)  # C2
        others = self._filled[session.id] - held
        fewest = max(fewest, session.min_seats - others)  # C1
        if need.whole:
            fewest = max(fewest, self.facts.seats_of_need(need) - self.placed[need.id] + held)  # C3
        if fewest > self._most(need, session, held):
            return False
        if held > 0:
            return True
        groups = len(self.ledger.by_need.get(need.id, ()))
        if need.max_groups is not None and groups >= need.max_groups:
            return False  # C4
        return self._has_place_for(need.recipient, session) and (others > 0 or self._may_run(session))

    def _most(self, need: Need, session: Session, held: int) -> int:
        """Return the most seats the need could hold here, by every limit that counts seats."""
        provider_id = self.facts.offer_of(session).provider
        provider_seats = self.ledger.problem.provider_by_id[provider_id].seats
        seats = self.facts.seats_of_need(need)
        left = [
            seats - self.placed[need.id],  # C3
            self.facts.seats_of_session(session) - self._filled[session.id],  # C1
        ]
        if session.max_per_recipient is not None:  # C5
            left.append(session.max_per_recipient - self._taken[session.id, need.recipient])
        if provider_seats is not None:  # C8
            left.append(provider_seats - self._given[provider_id])
        if session.women_only:  # C12
            women = seats if need.women is None else need.women
            left.append(women - self._women[need.id])
        pin = self.facts.pins.get((need.id, session.id))
        if pin is not None and pin.rule == "exactly":  # C11
            left.append(pin.seats - held)
        return held + min(left)

    def _has_place_for(self, recipient: str, session: Session) -> bool:
        """C5: the recipient is in the session already, or one more may come."""
        limit = 1 if session.mode == "mobile_team" and session.place is None else session.max_recipients
        groups = self.ledger.by_session.get(session.id, [])
        present = self.ledger.seats_by_recipient(groups)
        return recipient in present or limit is None or len(present) < limit

    def _may_run(self, session: Session) -> bool:
        """C6 and C7: a session that does not run may, beside those that do."""
        if session.id not in self._may_start:
            offer = self.facts.offer_of(session)
            limit = offer.max_sessions
            has_turn = limit is None or self._started[session.offer] < limit
            self._may_start[session.id] = has_turn and self._has_team(session, offer.provider)
        return self._may_start[session.id]

    def _has_team(self, session: Session, provider_id: str) -> bool:
        teams = self.ledger.problem.provider_by_id[provider_id].teams
        if teams is None or not session.team or session.start is None or session.end is None:
            return True
        starts: list[tuple[date, str]] = []
        ends: list[tuple[date, str]] = []
        for one in (*self._running[provider_id], session):
            if one.team and one.start is not None and one.end is not None:
                starts.append((one.start, one.id))
                ends.append((one.end, one.id))
        return find_first_overlap(starts, ends, teams) is None
