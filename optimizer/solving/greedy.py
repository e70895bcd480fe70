"""A first plan for a large round: session by session, the most pressing needs first.

It takes no longer than finding the pairs, obeys every limit and proves nothing. A search that begins with
it does not spend its first minutes on finding any plan at all. Pairs that need interpretation are left to it.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from optimizer.model.limits import most_recipients
from optimizer.model.supply import PairKey, UseKey, required_units
from optimizer.model.vectors import Draft
from optimizer.problem import Need, Session, Support
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts


class GreedyPlan:
    """What is placed so far, and what that leaves of every limit.

    Parameters
    ----------
    pairs: every pair that exists.
    begun: a plan to add to, which obeys every rule; its sessions are left as they are.
    """

    def __init__(self, facts: Facts, pairs: Sequence[Pair], begun: Draft) -> None:
        self.facts = facts
        self.seats: dict[PairKey, int] = dict(begun.seats)
        self.uses: dict[UseKey, int] = dict(begun.uses)
        self._bridges = dict(begun.bridges)
        self._pairs_of_session: dict[str, list[Pair]] = {}
        for pair in pairs:
            if not pair.bridges:
                self._pairs_of_session.setdefault(pair.session, []).append(pair)
        problem = facts.problem
        self._need_left = {need.id: facts.seats_of_need(need) for need in problem.needs}
        self._women_left = {need.id: facts.women_seats_of(need) for need in problem.needs}
        self._groups_left = {need.id: need.max_groups for need in problem.needs}
        self._runs_left = {offer.id: offer.max_sessions for offer in problem.offers}
        self._seats_left = {provider.id: provider.seats for provider in problem.providers}
        self._teams = {provider.id: provider.teams for provider in problem.providers}
        self._away: dict[str, list[tuple[date, date]]] = {}
        self._support_left = {support.id: support.quantity or 0 for support in problem.supports}
        self._placed: dict[str, int] = {}  # recipient -> weighted seats
        self._running: set[str] = set()
        for (need_id, session_id), count in begun.seats.items():
            self._count(problem.need_by_id[need_id], problem.session_by_id[session_id], count)
        for (support, _, _), units in begun.uses.items():
            self._support_left[support] -= units

    def draft(self) -> Draft:
        """The plan as it is now."""
        return Draft(self.seats, self._bridges, self.uses)

    def fill_all(self) -> None:
        """Fill sessions in order of the weighted seats that firm needs could take in them."""
        ranked = sorted(self._pairs_of_session, key=lambda session: (-self._pull_of(session), session))
        for session_id in ranked:
            if session_id not in self._running:
                self._fill(self.facts.problem.session_by_id[session_id])

    def _pull_of(self, session_id: str) -> int:
        """What the needs of a session weigh: firm and critical ones above all others."""
        facts = self.facts
        return sum(
            min(self._need_left[pair.need], 20) * self._rank(facts.problem.need_by_id[pair.need], pair)
            for pair in self._pairs_of_session[session_id]
        )

    @staticmethod
    def _rank(need: Need, pair: Pair) -> int:
        return (4 if pair.firm else 1) * {"critical": 16, "high": 2, "routine": 1}[need.priority]

    # -- one session ----------------------------------------------------------------------------------------

    def _fill(self, session: Session) -> None:
        """Run the session with the groups that may come, if they are enough and what it needs is there."""
        if not self._may_run(session):
            return
        groups = self._choose_groups(session)
        total = sum(count for _, count in groups)
        present = {need.recipient for need, _ in groups}
        while groups and total >= session.min_seats:
            uses = self._find_supports(session, total, present)
            if uses is not None:
                self._commit(session, groups, uses)
                return
            _, count = groups.pop()  # The least pressing stays at home, so that money may suffice.
            total -= count
            present = {need.recipient for need, _ in groups}

    def _may_run(self, session: Session) -> bool:
        left = self._runs_left[session.offer]
        if left is not None and left < 1:
            return False
        provider = self.facts.offer_of(session).provider
        teams = self._teams[provider]
        if teams is None or not session.team or session.start is None or session.end is None:
            return True
        # The most teams are away at once on the first day of one of the journeys.
        overlapping = [
            (a, b) for a, b in self._away.get(provider, ()) if a <= session.end and b >= session.start
        ]
        days = [session.start, *(a for a, _ in overlapping if a >= session.start)]
        return all(sum(a <= day <= b for a, b in overlapping) < teams for day in days)

    def _choose_groups(self, session: Session) -> list[tuple[Need, int]]:
        """Groups for the session, most pressing first: firm before conditional, by priority, then whoever has
        least so far.
        """
        facts, needs = self.facts, self.facts.problem.need_by_id
        ranked = sorted(
            self._pairs_of_session[session.id],
            key=lambda pair: (
                -self._rank(needs[pair.need], pair),
                self._placed.get(needs[pair.need].recipient, 0),
                pair.need,
            ),
        )
        room, most = facts.seats_of_session(session), most_recipients(session)
        provider_left = self._seats_left[facts.offer_of(session).provider]
        if provider_left is not None:
            room = min(room, provider_left)
        by_recipient: dict[str, int] = {}
        groups: list[tuple[Need, int]] = []
        for pair in ranked:
            need = needs[pair.need]
            if most is not None and need.recipient not in by_recipient and len(by_recipient) >= most:
                continue
            count = self._group_size(need, session, room, by_recipient.get(need.recipient, 0))
            if count > 0:
                groups.append((need, count))
                room -= count
                by_recipient[need.recipient] = by_recipient.get(need.recipient, 0) + count
        return groups

    def _group_size(self, need: Need, session: Session, room: int, others: int) -> int:
        """Seats that the need can take there, or 0 where it cannot send a group that is worth it."""
        groups_left = self._groups_left[need.id]
        if groups_left is not None and groups_left < 1:
            return 0
        count = min(room, self._need_left[need.id])
        if session.max_per_recipient is not None:
            count = min(count, session.max_per_recipient - others)
        if session.women_only:
            count = min(count, self._women_left[need.id])
        if need.whole and count < self.facts.seats_of_need(need):
            return 0
        return count if count >= max(1, need.min_group) else 0

    def _find_supports(
        self, session: Session, total: int, present: Iterable[str]
    ) -> dict[UseKey, int] | None:
        """Units for everything that the session requires, or ``None`` where they are not there."""
        uses: dict[UseKey, int] = {}
        for kind, (quantity, per_seat) in required_units(session).items():
            wanted = quantity + per_seat * total
            for support in self.facts.fitting_supports(session, kind):
                given = min(
                    wanted, self._support_left[support.id] - uses.get((support.id, session.id, None), 0)
                )
                if support.per_session is not None:
                    given = min(given, support.per_session)
                if given > 0 and self._may_serve(support, session, present):
                    uses[support.id, session.id, None] = given
                    wanted -= given
            if wanted > 0:
                return None
        return uses

    def _may_serve(self, support: Support, session: Session, present: Iterable[str]) -> bool:
        return self.facts.support_is_open_to(support, session) or all(
            self.facts.support_admits(support, recipient) for recipient in present
        )

    def _commit(self, session: Session, groups: Iterable[tuple[Need, int]], uses: dict[UseKey, int]) -> None:
        for use, units in uses.items():
            self.uses[use] = units
            self._support_left[use[0]] -= units
        for need, count in groups:
            self.seats[need.id, session.id] = count
            self._count(need, session, count)

    def _count(self, need: Need, session: Session, count: int) -> None:
        """Take one group from every limit that it draws on."""
        facts = self.facts
        provider = facts.offer_of(session).provider
        self._need_left[need.id] -= count
        groups_left, provider_left = self._groups_left[need.id], self._seats_left[provider]
        if groups_left is not None:
            self._groups_left[need.id] = groups_left - 1
        if session.women_only:
            self._women_left[need.id] -= count
        if provider_left is not None:
            self._seats_left[provider] = provider_left - count
        weighted = facts.weight_of(need) * count
        self._placed[need.recipient] = self._placed.get(need.recipient, 0) + weighted
        if session.id in self._running:
            return
        self._running.add(session.id)
        runs_left = self._runs_left[session.offer]
        if runs_left is not None:
            self._runs_left[session.offer] = runs_left - 1
        if session.team and session.start is not None and session.end is not None:
            self._away.setdefault(provider, []).append((session.start, session.end))


def draft_greedily(facts: Facts, pairs: Sequence[Pair], begun: Draft) -> Draft:
    """Return a plan that adds sessions to the one begun, or the same plan."""
    plan = GreedyPlan(facts, pairs, begun)
    plan.fill_all()
    return plan.draft()
