"""C9 and C10 in the integer program: supports that running sessions draw on, and interpretation between
languages.

Units are continuous columns: once seats, groups and languages are whole, sharing is a flow in a network, so
whole units exist whenever fractional ones do, and `supply.py` finds them exactly.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import replace

from optimizer.model.limits import Model
from optimizer.model.program import Limit, Term, spread_of
from optimizer.model.supply import UseKey, required_units
from optimizer.problem import Session, Support
from optimizer.rules.facts import INTERPRETATION, Facts, fold_languages

# Money is scaled so that coefficients stay near those of seats; solvers work to an absolute tolerance.
LARGEST_COEFFICIENT = 1024


def find_pools(facts: Facts) -> dict[str, str]:
    """Support -> the first by id of those that no session can tell apart; only supports that are not first.

    They are of one kind, have equal dates, `only`, areas, places and languages, were declined for the same
    sessions, and none limits what one session gets. Whatever their quantities together allow can then be
    shared out among them.
    """
    first: dict[Hashable, str] = {}
    pools: dict[str, str] = {}
    for support in sorted(facts.problem.supports, key=lambda row: row.id):
        if not support.quantity or support.per_session is not None:
            continue
        sets = (support.only, support.areas, support.places, frozenset(fold_languages(support.languages)))
        key = (support.kind, support.from_, support.to, support.not_for, *sets)
        if first.setdefault(key, support.id) != support.id:
            pools[support.id] = first[key]
    return pools


def pool_supports(facts: Facts, pool_of: Mapping[str, str]) -> dict[str, Support]:
    """The first of each pool with the quantity of all of it."""
    supports = facts.problem.support_by_id
    pools: dict[str, Support] = {}
    for member, first in pool_of.items():
        pool = pools.get(first, supports[first])
        pools[first] = replace(pool, quantity=(pool.quantity or 0) + (supports[member].quantity or 0))
    return pools


class SupplyColumns:
    """Adds the columns and rows of C9 and C10 to a model, and remembers which column is which use.

    ``as_stated``: each support by itself, with rows for its `only`. Otherwise supports that no session can
    tell apart are one pool, known by the first of them by id, and `only` is stated by recipient, in fewer
    rows (`consequences.add_admission`).
    """

    def __init__(self, model: Model, *, as_stated: bool = True) -> None:
        self.model = model
        self._as_stated = as_stated
        self._pool_of = {} if as_stated else find_pools(model.facts)
        self._pools = pool_supports(model.facts, self._pool_of)
        self.uses: dict[UseKey, int] = {}  # (support or its pool, session, language or None) -> units
        self.in_use: dict[tuple[str, str], int] = {}  # (session, language) -> 1 where a group there uses it
        self.usable: dict[
            tuple[str, tuple[str, ...]], int
        ] = {}  # (session, recipients left out) -> 1 where none is there
        self.own_in_use: set[tuple[str, str]] = set()  # those of `in_use` that have a column of their own
        self._scales = self._find_scales()
        for session_id in sorted(model.running):
            session = model.facts.problem.session_by_id[session_id]
            self._add_requirements(session)
            self._add_bridges(session)
        self._add_limits_of_supports()

    def _find_scales(self) -> dict[str, int]:
        """Kind -> power of two that brings its largest required amount down to the size of seats."""
        largest: dict[str, int] = {}
        for session in self.model.facts.problem.sessions:
            for kind, amounts in required_units(session).items():
                largest[kind] = max(largest.get(kind, 0), *amounts)
        return {
            kind: 1 << max(0, (amount // LARGEST_COEFFICIENT).bit_length())
            for kind, amount in largest.items()
        }

    def find_spread(self) -> int:
        """The spread of what is required and given of any kind. A dollar that a budget lacks must be told
        from a whole number of seats that is off by a solver's tolerance.
        """
        problem = self.model.facts.problem
        required: dict[str, list[int]] = defaultdict(list)
        given: dict[str, list[int]] = defaultdict(list)
        for session_id in self.model.running:
            for kind, amounts in required_units(problem.session_by_id[session_id]).items():
                required[kind] += amounts
        for support in problem.supports:
            given[support.kind] += [support.quantity or 0, support.per_session or 0]
        return max((spread_of(amounts, *given[kind]) for kind, amounts in required.items()), default=0)

    def pool_of(self, support: str) -> str:
        """The support that stands for this one among those that no session can tell apart."""
        return self._pool_of.get(support, support)

    def column_of(self, use: UseKey) -> int | None:
        """The column that holds a support's units for a session and purpose, alone or with its pool's."""
        support, session, language = use
        return self.uses.get((self.pool_of(support), session, language))

    def scale_of(self, kind: str) -> int:
        return self._scales.get(kind, 1)

    # -- C9 -------------------------------------------------------------------------------------------------

    def _add_requirements(self, session: Session) -> None:
        """Fitting supports give exactly quantity + per_seat x seats filled to a session that runs."""
        model = self.model
        number, running = model.session_number[session.id], model.running[session.id]
        positions = model.pairs_of_session[session.id]
        for kind_number, (kind, (quantity, per_seat)) in enumerate(sorted(required_units(session).items())):
            limit = Limit("C9", session.id, kind)
            if limit in model.without or quantity == per_seat == 0:
                continue
            most = quantity + per_seat * sum(model.columns[position].most for position in positions)
            scale = self.scale_of(kind)
            given: list[Term] = [
                (self._add_use(support, session, None, most), 1) for support in self.givers(session, kind)
            ]
            terms = [*given, (running, -quantity), *model.seat_terms(positions, -per_seat)]
            model.add_limit(limit, f"c9_s{number}_k{kind_number}", terms, "=", 0, scale)

    def givers(self, session: Session, kind: str) -> list[Support]:
        """Supports of the kind that fit and that may serve at least one recipient who could be placed
        there.
        """
        facts, recipients = self.model.facts, self.model.recipients_of_session[session.id]
        return [
            self._pools.get(support.id, support)
            for support in facts.fitting_supports(session, kind)
            if support.quantity
            and self.pool_of(support.id) == support.id
            and (
                facts.support_is_open_to(support, session)
                or Limit("C9", support.id, "only") in self.model.without
                or any(facts.support_admits(support, recipient) for recipient in recipients)
            )
        ]

    def _add_use(self, support: Support, session: Session, language: str | None, most: int) -> int:
        """Add the column of units that a support gives to a session for one purpose."""
        model = self.model
        bounds = [most]
        if Limit("C9", support.id, "quantity") not in model.without:
            bounds.append(support.quantity or 0)
        if support.per_session is not None and Limit("C9", support.id, "per_session") not in model.without:
            bounds.append(support.per_session)
        numbers = f"r{self._support_number(support)}_s{model.session_number[session.id]}"
        name = (
            f"u_{numbers}" if language is None else f"v_{numbers}_l{self._language_number(session, language)}"
        )
        scale = self.scale_of(support.kind)
        column = model.program.add_column(name, 0, min(bounds), is_integer=False, scale=scale)
        self.uses[support.id, session.id, language] = column
        return column

    def _support_number(self, support: Support) -> int:
        return self.model.facts.support_number[support.id]

    def _language_number(self, session: Session, language: str) -> int:
        return sorted(self.model.facts.linked_languages(session)).index(language)

    def _add_limits_of_supports(self) -> None:
        """Each support within its quantity over all sessions, its per_session in each, and its `only`."""
        by_support: dict[str, dict[str, list[int]]] = {}
        for (support_id, session_id, _), column in self.uses.items():
            by_support.setdefault(support_id, {}).setdefault(session_id, []).append(column)
        for support_id, by_session in sorted(by_support.items()):
            support = self._pools.get(support_id, self.model.facts.problem.support_by_id[support_id])
            number, scale = self._support_number(support), self.scale_of(support.kind)
            everything = [(column, 1) for columns in by_session.values() for column in columns]
            limit = Limit("C9", support_id, "quantity")
            self.model.add_limit(limit, f"c9_r{number}", everything, "<=", support.quantity or 0, scale)
            for session_id, columns in sorted(by_session.items()):
                session = self.model.facts.problem.session_by_id[session_id]
                self._add_limits_in_session(support, session, columns)

    def _add_limits_in_session(self, support: Support, session: Session, columns: list[int]) -> None:
        model, scale = self.model, self.scale_of(support.kind)
        number = f"r{self._support_number(support)}_s{model.session_number[session.id]}"
        units: list[Term] = [(column, 1) for column in columns]
        most = sum(model.program.columns[column].upper for column in columns)
        if support.per_session is not None and len(columns) > 1:
            most = min(most, support.per_session)
            limit = Limit("C9", support.id, "per_session")
            terms = [*units, (model.running[session.id], -support.per_session)]
            model.add_limit(limit, f"c9_{number}", terms, "<=", 0, scale)
        only = Limit("C9", support.id, "only")
        if (
            self._as_stated
            and only not in model.without
            and not model.facts.support_is_open_to(support, session)
        ):
            usable = self._usable_column(support, session)
            if usable is not None:
                most = min(most, self._most_when_usable(support, session, len(columns)))
                model.add_limit(only, f"c9_only_{number}", [*units, (usable, -most)], "<=", 0, scale)

    def _most_when_usable(self, support: Support, session: Session, columns: int) -> int:
        """What a session can take from a support while it seats only those whom the support admits.

        Each of its columns but that of what is required is one unit of interpretation for a language.
        """
        model = self.model
        quantity, per_seat = required_units(session).get(support.kind, (0, 0))
        admitted = sum(
            model.columns[position].most
            for recipient, positions in model.recipients_of_session[session.id].items()
            if model.facts.support_admits(support, recipient)
            for position in positions
        )
        languages = columns - ((support.id, session.id, None) in self.uses)
        return quantity + per_seat * admitted + languages

    def _usable_column(self, support: Support, session: Session) -> int | None:
        """The column that is 1 only where nobody is placed whom `only` leaves out; ``None``: it leaves
        out no one.

        One recipient left out keeps the support from the whole session. Supports that leave out the same
        recipients share the column.
        """
        model, recipients = self.model, self.model.recipients_of_session[session.id]
        left_out = tuple(
            recipient
            for recipient in sorted(recipients)
            if not model.facts.support_admits(support, recipient)
        )
        if not left_out:
            return None
        key = (session.id, left_out)
        if key not in self.usable:
            number = f"s{model.session_number[session.id]}_{len(self.usable)}"
            self.usable[key] = model.program.add_column(f"t_{number}", 0, 1)
            for position in (position for recipient in left_out for position in recipients[recipient]):
                terms = [(model.columns[position].group, 1), (self.usable[key], 1)]
                model.add_definition(f"keep_{number}_{position}", terms, "<=", 1)
        return self.usable[key]

    # -- C10 ------------------------------------------------------------------------------------------------

    def _add_bridges(self, session: Session) -> None:
        """Each bridged group uses one language, and each language in use takes one unit of interpretation."""
        model = self.model
        users: dict[str, list[int]] = {}
        for position in model.pairs_of_session[session.id]:
            for language, column in self._add_choice(position).items():
                users.setdefault(language, []).append(column)
        for language, columns in sorted(users.items()):
            if Limit("C10", session.id, language) not in model.without:
                self._add_language_in_use(session, language, columns)

    def _add_choice(self, position: int) -> dict[str, int]:
        """Language -> column that says whether the pair uses it; with one language, sending a group is
        using it.
        """
        model, pair = self.model, self.model.pairs[position]
        if not pair.bridges:
            return {}
        columns = model.columns[position]
        languages = [language.casefold() for language in pair.bridges]
        if len(languages) == 1:
            columns.bridges = {languages[0]: columns.group}
            return columns.bridges
        for rank, language in enumerate(languages):
            columns.bridges[language] = model.program.add_column(f"{model.name('b', pair)}_l{rank}", 0, 1)
        terms = [*((column, 1) for column in columns.bridges.values()), (columns.group, -1)]
        model.add_definition(model.name("bridge", pair), terms, "=", 0)
        return columns.bridges

    def _add_language_in_use(self, session: Session, language: str, columns: list[int]) -> None:
        model = self.model
        number = f"s{model.session_number[session.id]}_l{self._language_number(session, language)}"
        in_use = columns[0]
        if len(columns) > 1:
            in_use = model.program.add_column(f"e_{number}", 0, 1)
            self.own_in_use.add((session.id, language))
            for position, column in enumerate(columns):
                model.add_definition(f"use_{number}_{position}", [(column, 1), (in_use, -1)], "<=", 0)
        self.in_use[session.id, language] = in_use
        givers = [
            support
            for support in self.givers(session, INTERPRETATION)
            if model.facts.links(support, language, session)
        ]
        units = [(self._add_use(support, session, language, 1), 1) for support in givers]
        limit = Limit("C10", session.id, language)
        scale = self.scale_of(INTERPRETATION)
        model.add_limit(limit, f"c10_{number}", [*units, (in_use, -1)], "=", 0, scale)
