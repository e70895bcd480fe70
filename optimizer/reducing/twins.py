"""Records that differ in nothing but their ids, and rows that spare a solver to try them both ways round.

Two needs of a recipient that read the same, two candidate sessions of an offer, or two offers of a provider
with the same sessions: exchange them in a plan, and the plan is as good as before. So of all plans that
differ only by such exchanges one is enough: the one in which the first of the twins has most. A row for each
two neighbours says so; it refuses no plan but those that have such an equal.

Records that a pin or the plan last published names have no twin, nor has a session that a support is not for.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from optimizer.model.supply import PairKey
from optimizer.model.vectors import Draft, RoundModel
from optimizer.plan import Plan
from optimizer.problem import Need, Session
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts

Block = tuple[str, ...]  # sessions that are exchanged together, each with the one in its place


@dataclass(frozen=True, slots=True)
class Twins:
    """``needs``: rows of needs that are alike, by id. ``blocks``: rows of sessions, or of whole offers as the
    sessions that they hold, that are alike.
    """

    needs: tuple[tuple[str, ...], ...]
    blocks: tuple[tuple[Block, ...], ...]

    def in_order(self, plan: Plan) -> Plan:
        """The plan with twins exchanged, so that the first of each row has most."""
        becomes = self._exchange({(row.need, row.session): row.seats for row in plan.assignments})
        rows = []
        for row in plan.assignments:
            need, session = becomes[row.need, row.session]
            rows.append(replace(row, need=need, session=session))
        return replace(plan, assignments=tuple(rows))

    def draft_in_order(self, round_: RoundModel, draft: Draft) -> Draft | None:
        """The draft with twins exchanged, if it obeys every row."""
        becomes = self._exchange(draft.seats)
        seats = {becomes[pair]: count for pair, count in draft.seats.items()}
        bridges = {becomes[pair]: language for pair, language in draft.bridges.items()}
        made = round_.make_draft(seats, bridges)
        if made is None or not round_.knows_uses(made) or round_.find_violation(made) is not None:
            return None
        return made

    def _exchange(self, seats: Mapping[PairKey, int]) -> dict[PairKey, PairKey]:
        """Pair -> the pair whose seats they are once twins are exchanged."""
        placed: dict[str, int] = defaultdict(int)
        for (need, _), count in seats.items():
            placed[need] += count
        now_of_need: dict[str, str] = {}
        for row_of_needs in self.needs:
            ranked = sorted(row_of_needs, key=lambda need: -placed[need])
            now_of_need.update(zip(ranked, row_of_needs, strict=True))
        now_of_session = {session: session for _, session in seats}
        for row_of_blocks in self.blocks:
            now_of_session = _exchanged(now_of_session, row_of_blocks)
        return {
            (need, session): (now_of_need.get(need, need), now_of_session[session]) for need, session in seats
        }


def _exchanged(now_of_session: dict[str, str], blocks: Sequence[Block]) -> dict[str, str]:
    """Session -> the one that it becomes, once the blocks are ranked by how many of their sessions run."""
    running = set(now_of_session.values())
    ranked = sorted(blocks, key=lambda block: -len(running.intersection(block)))
    becomes = {
        old: new
        for before, after in zip(ranked, blocks, strict=True)
        for old, new in zip(before, after, strict=True)
    }
    return {session: becomes.get(now, now) for session, now in now_of_session.items()}


NO_TWINS: Final = Twins((), ())


def find_twins(facts: Facts, pairs: Sequence[Pair]) -> Twins:
    """Return the twins of a round, in its order; sessions and needs without a pair have none."""
    problem = facts.problem
    known = {id for row in problem.pinned for id in (row.need, row.session)}
    known |= {id for row in problem.previous for id in (row.need, row.session)}
    known |= {session for support in problem.supports for session in support.not_for}
    sides = _Sides(facts, pairs)
    needs: dict[Hashable, list[str]] = defaultdict(list)
    for need in problem.needs:
        if need.id in sides.of_need and need.id not in known:
            needs[sides.look_of_need(need)].append(need.id)
    sessions_of_offer: dict[str, list[Session]] = defaultdict(list)
    for session in problem.sessions:
        if session.id in sides.of_session:
            sessions_of_offer[session.offer].append(session)
    blocks: dict[Hashable, list[Block]] = defaultdict(list)
    offers: dict[Hashable, list[Block]] = defaultdict(list)
    for offer_id, sessions in sessions_of_offer.items():
        for session in sessions:
            if session.id not in known:
                blocks[offer_id, sides.look_of_session(session)].append((session.id,))
        if known.isdisjoint(session.id for session in sessions):
            offer = replace(problem.offer_by_id[offer_id], id="")
            looks = tuple(sides.look_of_session(session) for session in sessions)
            offers[offer, looks].append(tuple(session.id for session in sessions))
    rows_of_blocks = [*blocks.values(), *offers.values()]
    return Twins(
        tuple(tuple(row) for row in needs.values() if len(row) > 1),
        tuple(tuple(row) for row in rows_of_blocks if len(row) > 1),
    )


class _Sides:
    """What a need, or a session, looks like but for its id: its fields, and with whom it is paired how well.

    What else a pair is, firm or bridged, follows from the fields of its two sides.
    """

    def __init__(self, facts: Facts, pairs: Sequence[Pair]) -> None:
        self.of_need: dict[str, list[Hashable]] = defaultdict(list)
        self.of_session: dict[str, list[Hashable]] = defaultdict(list)
        for pair in pairs:
            self.of_need[pair.need].append((pair.session, pair.fit))
            self.of_session[pair.session].append((pair.need, pair.fit))

    def look_of_need(self, need: Need) -> Hashable:
        return replace(need, id=""), tuple(self.of_need[need.id])

    def look_of_session(self, session: Session) -> Hashable:
        return replace(session, id="", offer=""), tuple(self.of_session[session.id])


def order_twins(round_: RoundModel, twins: Twins) -> None:
    """Add the rows that keep twins in order: needs by their seats, blocks by how many of them run."""
    model = round_.model
    for number, needs in enumerate(twins.needs):
        for place, (first, second) in enumerate(pairwise(needs)):
            terms = model.seat_terms(model.pairs_of_need[first])
            terms += model.seat_terms(model.pairs_of_need[second], -1)
            model.add_definition(f"twin_needs_{number}_{place}", terms, ">=", 0)
    for number, blocks in enumerate(twins.blocks):
        for place, (before, after) in enumerate(pairwise(blocks)):
            terms = [(model.running[session], 1) for session in before]
            terms += [(model.running[session], -1) for session in after]
            model.add_definition(f"twin_sessions_{number}_{place}", terms, ">=", 0)
