"""The integer program of a round: one function for each family of limits (docs/matching.md, 4).

For each pair, x is its whole seats and y says whether a group is sent; for each session, z says whether it
runs. Supports and interpretation (C9, C10) are in `supports.py`, objectives in `objective_columns.py`,
and the way from seats to a full vector and back in `vectors.py`.

Formulation. ``x <= most * y`` uses for *most* the tightest of the seats of need, session, recipient and
women, and capacity rows are written against z (``sum x <= seats * z``), which is what makes the relaxation
close to the plan. Every limit that can bind is a row with its `Limit`, so that `clashes/` can leave one out
and see what happens. Names hold positions alone (``x_n12_s7``); no name of anyone leaves this file.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from optimizer.model.program import Limit, Program, Sense, Term
from optimizer.problem import Need, Session
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts


@dataclass(slots=True)
class PairColumns:
    """The columns of one pair: seats (x), group (y), and one for each language that may bridge it (b)."""

    seats: int
    group: int
    most: int
    bridges: dict[str, int] = field(default_factory=dict)


class Model:
    """A `Program` with the meaning of its columns.

    Parameters
    ----------
    pairs: every pair that exists, sorted by need and session (`find_pairs`).
    without: limits to leave out, to see which of them pins meet. Empty for a plan.
    pins_are_optional: give each pin a column that says whether it holds, instead of a row that makes it hold.
    """

    def __init__(
        self,
        facts: Facts,
        pairs: Sequence[Pair],
        *,
        without: Collection[Limit] = frozenset(),
        pins_are_optional: bool = False,
    ) -> None:
        self.facts = facts
        self.pairs = tuple(pairs)
        self.without = frozenset(without)
        self.program = Program()
        self.need_number = {need.id: i for i, need in enumerate(facts.problem.needs)}
        self.session_number = {session.id: i for i, session in enumerate(facts.problem.sessions)}
        self.columns: list[PairColumns] = []
        self.running: dict[str, int] = {}  # session -> z
        self.wholes: dict[str, int] = {}  # need -> 1 where it gets all its seats
        self.presence: dict[tuple[str, str], int] = {}  # (session, recipient) -> 1 where it is placed there
        self.pins: dict[tuple[str, str], int] = {}  # optional pins: pair -> 1 where the pin holds
        self._add_pairs_and_sessions()
        add_session_rows(self)
        add_need_rows(self)
        add_recipient_rows(self)
        add_offer_rows(self)
        add_team_rows(self)
        add_provider_rows(self)
        add_pin_rows(self, pins_are_optional)

    # -- what belongs together ------------------------------------------------------------------------------

    @cached_property
    def pairs_of_need(self) -> dict[str, list[int]]:
        """Need -> positions of its pairs."""
        return self._positions_by([pair.need for pair in self.pairs])

    @cached_property
    def pairs_of_session(self) -> dict[str, list[int]]:
        """Session -> positions of its pairs. Only sessions with a pair have a key."""
        return self._positions_by([pair.session for pair in self.pairs])

    @cached_property
    def recipients_of_session(self) -> dict[str, dict[str, list[int]]]:
        """Session -> recipient -> positions of its pairs there."""
        table: dict[str, dict[str, list[int]]] = {}
        for position, pair in enumerate(self.pairs):
            recipient = self.need(pair).recipient
            table.setdefault(pair.session, {}).setdefault(recipient, []).append(position)
        return table

    @cached_property
    def sessions_of_offer(self) -> dict[str, list[Session]]:
        """Offer -> its sessions that have a pair, in order of id."""
        table: dict[str, list[Session]] = {}
        for session in self.facts.problem.sessions:
            if session.id in self.pairs_of_session:
                table.setdefault(session.offer, []).append(session)
        return table

    def need(self, pair: Pair) -> Need:
        return self.facts.problem.need_by_id[pair.need]

    def session(self, pair: Pair) -> Session:
        return self.facts.problem.session_by_id[pair.session]

    def name(self, letter: str, pair: Pair) -> str:
        """The name of a pair's column: positions only."""
        return f"{letter}_n{self.need_number[pair.need]}_s{self.session_number[pair.session]}"

    @staticmethod
    def _positions_by(keys: Sequence[str]) -> dict[str, list[int]]:
        table: dict[str, list[int]] = {}
        for position, key in enumerate(keys):
            table.setdefault(key, []).append(position)
        return table

    # -- columns and rows -----------------------------------------------------------------------------------

    def _add_pairs_and_sessions(self) -> None:
        program = self.program
        for session_id in sorted(self.pairs_of_session):
            name = f"z_s{self.session_number[session_id]}"
            self.running[session_id] = program.add_column(name, 0, 1)
        for pair in self.pairs:
            most = self.most_seats(pair)
            seats = program.add_column(self.name("x", pair), 0, most)
            group = program.add_column(self.name("y", pair), 0, 1)
            self.columns.append(PairColumns(seats, group, most))
            self.add_definition(self.name("full", pair), [(seats, 1), (group, -most)], "<=", 0)
            self.add_definition(
                self.name("run", pair), [(group, 1), (self.running[pair.session], -1)], "<=", 0
            )

    def most_seats(self, pair: Pair) -> int:
        """The most seats the pair can hold by itself, under the limits that are not left out."""
        need, session = self.need(pair), self.session(pair)
        asked, offered = self.facts.seats_of_need(need), self.facts.seats_of_session(session)
        limits = [
            (Limit("C3", need.id, "seats"), asked),
            (Limit("C1", session.id, "seats"), offered),
            (Limit("C5", session.id, "max_per_recipient"), session.max_per_recipient),
            (Limit("C12", need.id, "women"), self.facts.women_seats_of(need) if session.women_only else None),
        ]
        bounds = [most for limit, most in limits if most is not None and limit not in self.without]
        pin = self.facts.pin_by_pair.get((pair.need, pair.session))
        # With every limit left out there is still a largest number worth looking at.
        return min(bounds, default=max(asked, offered, pin.seats if pin else 0))

    def seat_terms(self, positions: Sequence[int], coefficient: int = 1) -> list[Term]:
        return [(self.columns[position].seats, coefficient) for position in positions]

    def group_terms(self, positions: Sequence[int]) -> list[Term]:
        return [(self.columns[position].group, 1) for position in positions]

    def add_limit(
        self, limit: Limit, name: str, terms: Sequence[Term], sense: Sense, bound: int, scale: int = 1
    ) -> None:
        """Add a row of the contract, unless its limit is left out."""
        if limit not in self.without:
            self.program.add_row(name, terms, sense, bound, limit, scale)

    def add_definition(
        self, name: str, terms: Sequence[Term], sense: Sense, bound: int, scale: int = 1
    ) -> None:
        """Add a row that ties variables together and limits nothing by itself."""
        self.program.add_row(name, terms, sense, bound, None, scale)

    def presence_of(self, session_id: str, recipient: str) -> int:
        """The column that is 1 where any group of the recipient is in the session, made when first asked
        for.
        """
        positions = self.recipients_of_session[session_id][recipient]
        if len(positions) == 1:
            return self.columns[positions[0]].group
        key = (session_id, recipient)
        if key not in self.presence:
            number = self.recipient_number[recipient]
            name = f"r_s{self.session_number[session_id]}_q{number}"
            self.presence[key] = self.program.add_column(name, 0, 1)
            for position in positions:
                terms = [(self.columns[position].group, 1), (self.presence[key], -1)]
                self.add_definition(self.name("here", self.pairs[position]), terms, "<=", 0)
        return self.presence[key]

    @cached_property
    def recipient_number(self) -> dict[str, int]:
        return {recipient.id: i for i, recipient in enumerate(self.facts.problem.recipients)}


def add_session_rows(model: Model) -> None:
    """C1: a session holds at most its seats, at least min_seats, or nothing. C2: a group is worth sending."""
    for session_id, positions in sorted(model.pairs_of_session.items()):
        session = model.facts.problem.session_by_id[session_id]
        number, running = model.session_number[session_id], model.running[session_id]
        seats = model.seat_terms(positions)
        limit = Limit("C1", session_id, "seats")
        room: int = model.facts.seats_of_session(session)
        if limit in model.without:
            room = sum(model.columns[position].most for position in positions)
        model.program.add_row(f"c1_s{number}", [*seats, (running, -room)], "<=", 0, limit)
        least = Limit("C1", session_id, "min_seats")
        fewest = 1 if least in model.without else session.min_seats
        model.program.add_row(f"c1_min_s{number}", [*seats, (running, -fewest)], ">=", 0, least)
    for position, pair in enumerate(model.pairs):
        columns = model.columns[position]
        limit = Limit("C2", pair.need, "min_group")
        fewest = 1 if limit in model.without else model.need(pair).min_group
        terms = [(columns.seats, 1), (columns.group, -fewest)]
        model.program.add_row(model.name("c2", pair), terms, ">=", 0, limit)


def add_need_rows(model: Model) -> None:
    """C3: at most its seats, `whole` all or none. C4: over how many sessions. C12: its women."""
    for need in model.facts.problem.needs:
        positions = model.pairs_of_need.get(need.id)
        if not positions:
            continue
        number, asked = model.need_number[need.id], model.facts.seats_of_need(need)
        seats = model.seat_terms(positions)
        whole = Limit("C3", need.id, "whole")
        if need.whole and whole not in model.without:
            column = model.program.add_column(f"w_n{number}", 0, 1)
            model.wholes[need.id] = column
            model.add_limit(whole, f"c3_whole_n{number}", [*seats, (column, -asked)], "=", 0)
        elif len(positions) > 1:
            model.add_limit(Limit("C3", need.id, "seats"), f"c3_n{number}", seats, "<=", asked)
        if need.max_groups is not None and need.max_groups < len(positions):
            groups = model.group_terms(positions)
            model.add_limit(
                Limit("C4", need.id, "max_groups"), f"c4_n{number}", groups, "<=", need.max_groups
            )
        for_women = [p for p in positions if model.session(model.pairs[p]).women_only]
        if len(for_women) > 1:
            women = model.facts.women_seats_of(need)
            limit = Limit("C12", need.id, "women")
            model.add_limit(limit, f"c12_n{number}", model.seat_terms(for_women), "<=", women)


def add_recipient_rows(model: Model) -> None:
    """C5: at most max_recipients in a session, and at most max_per_recipient seats of any one of them."""
    for session_id, recipients in sorted(model.recipients_of_session.items()):
        session = model.facts.problem.session_by_id[session_id]
        number = model.session_number[session_id]
        most = most_recipients(session)
        if most is not None and most < len(recipients):
            present = [(model.presence_of(session_id, recipient), 1) for recipient in sorted(recipients)]
            terms = [*present, (model.running[session_id], -most)]
            model.add_limit(Limit("C5", session_id, "max_recipients"), f"c5_s{number}", terms, "<=", 0)
        if session.max_per_recipient is None:
            continue
        for recipient, positions in sorted(recipients.items()):
            if len(positions) > 1:
                present_column = model.presence_of(session_id, recipient)
                terms = [*model.seat_terms(positions), (present_column, -session.max_per_recipient)]
                name = f"c5_s{number}_q{model.recipient_number[recipient]}"
                model.add_limit(Limit("C5", session_id, "max_per_recipient"), name, terms, "<=", 0)


def most_recipients(session: Session) -> int | None:
    """How many recipients the session takes; a team that travels to its recipient takes one."""
    if session.mode == "mobile_team" and session.place is None:
        return 1
    return session.max_recipients


def add_offer_rows(model: Model) -> None:
    """C6: at most max_sessions running sessions an offer."""
    for number, offer in enumerate(model.facts.problem.offers):
        sessions = model.sessions_of_offer.get(offer.id, [])
        if offer.max_sessions is None or offer.max_sessions >= len(sessions):
            continue
        terms = [(model.running[session.id], 1) for session in sessions]
        model.add_limit(
            Limit("C6", offer.id, "max_sessions"), f"c6_o{number}", terms, "<=", offer.max_sessions
        )


def add_team_rows(model: Model) -> None:
    """C7: on no day do more team sessions of a provider run than it has teams.

    The sessions that run on one day are a clique of intervals, and every largest clique begins on the first
    day of one of them, so one row for each such day states the limit, and states it as tightly as rows can.
    """
    for number, provider in enumerate(model.facts.problem.providers):
        if provider.teams is None:
            continue
        sessions = team_sessions(model, provider.id)
        for position, clique in enumerate(largest_cliques(sessions)):
            if len(clique) > provider.teams:
                terms = [(model.running[session.id], 1) for session in clique]
                limit = Limit("C7", provider.id, "teams")
                model.add_limit(limit, f"c7_p{number}_{position}", terms, "<=", provider.teams)


def team_sessions(model: Model, provider: str) -> list[Session]:
    """The provider's sessions that occupy one of its teams on known days and have a pair, by id."""
    return [
        session
        for session in model.facts.problem.sessions
        if session.team
        and session.start is not None
        and session.end is not None
        and session.id in model.running
        and model.facts.offer_of(session).provider == provider
    ]


def largest_cliques(sessions: Sequence[Session]) -> list[list[Session]]:
    """Sets of sessions that run on one day and that no other such set contains, by day. Dates must be
    stated.
    """
    starts = sorted({session.start for session in sessions if session.start is not None})
    cliques: list[list[Session]] = []
    for day in starts:
        clique = [
            s for s in sessions if s.start is not None and s.end is not None and s.start <= day <= s.end
        ]
        if cliques and {s.id for s in cliques[-1]} <= {s.id for s in clique}:
            cliques[-1] = clique
        else:
            cliques.append(clique)
    return cliques


def add_provider_rows(model: Model) -> None:
    """C8: the sessions of a provider place at most its seats."""
    by_provider: dict[str, list[int]] = {}
    for position, pair in enumerate(model.pairs):
        by_provider.setdefault(model.facts.offer_of(model.session(pair)).provider, []).append(position)
    for number, provider in enumerate(model.facts.problem.providers):
        positions = by_provider.get(provider.id, [])
        if provider.seats is not None and positions:
            terms = model.seat_terms(positions)
            model.add_limit(Limit("C8", provider.id, "seats"), f"c8_p{number}", terms, "<=", provider.seats)


def add_pin_rows(model: Model, are_optional: bool) -> None:
    """C11: a pinned pair holds at least, or exactly, its seats. Pins whose pair does not exist are not seen
    here.
    """
    for position, pair in enumerate(model.pairs):
        pin = model.facts.pin_by_pair.get((pair.need, pair.session))
        if pin is None:
            continue
        columns, limit = model.columns[position], Limit("C11", pair.need, pair.session)
        if are_optional:
            holds = model.program.add_column(model.name("a", pair), 0, 1)
            model.pins[pair.need, pair.session] = holds
            model.add_definition(model.name("pin", pair), [(columns.seats, 1), (holds, -pin.seats)], ">=", 0)
            if pin.rule == "exactly":
                above = max(columns.most - pin.seats, 0)
                terms = [(columns.seats, 1), (holds, above)]
                model.add_definition(model.name("pin_most", pair), terms, "<=", columns.most)
            continue
        sense: Sense = "=" if pin.rule == "exactly" else ">="
        model.add_limit(limit, model.name("c11", pair), [(columns.seats, 1)], sense, pin.seats)
