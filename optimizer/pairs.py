"""Every pair of a round, found by index instead of by trying all: each rule is asked once a kind."""

from collections.abc import Hashable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.compatibility import (
    RULE_BY_CODE,
    RULES,
    No,
    Pair,
    Rule,
    Unknown,
    find_bridges,
)
from optimizer.facts import Facts
from optimizer.fit import fit_of_pair
from optimizer.plan import Question
from optimizer.problem import Need, Problem, Session

# Over a round these look at few distinct values, and together refuse nearly everything; the rest is asked
# pair by pair. The order of asking changes no answer, only how soon a refused pair is left.
_SIFTED: Final = ("area", "level", "personnel", "language", "mode", "eligible", "women")
_SOONEST_FIRST: Final = tuple(sorted(RULES, key=lambda rule: rule.code in _SIFTED))


def find_pairs(facts: Facts | Problem) -> tuple[Pair, ...]:
    """Return every pair that exists under the problem's policy, sorted by need and session.

    Under ``unknowns: exclude`` conditional pairs are dropped, but never a pinned one. Most of the n x m pairs
    are refused by a rule that looks at few distinct values (areas, levels, languages), so those rules are
    asked once for each distinct value and the sessions are sifted as rows of yes and no; only what remains is
    judged in full.
    """
    known = Facts(facts) if isinstance(facts, Problem) else facts
    sessions = known.problem.sessions
    rows = RefusalRows(known)
    keeps_unknowns = known.problem.policy.unknowns == "allow"
    pairs: list[Pair] = []
    for need in known.problem.needs:
        refused = np.zeros(len(sessions), dtype=np.bool_)
        for code in _SIFTED:
            refused |= rows.refused_by(code, need)
        for index in np.flatnonzero(~refused):
            pair = _pair_if_it_exists(known, need, sessions[index])
            if pair is None:
                continue
            if pair.firm or keeps_unknowns or (pair.need, pair.session) in known.pin_by_pair:
                pairs.append(pair)
    return tuple(pairs)


def _pair_if_it_exists(facts: Facts, need: Need, session: Session) -> Pair | None:
    questions: set[Question] = set()
    for rule in _SOONEST_FIRST:
        answer = rule.judge(facts, need, session)
        if isinstance(answer, No):
            return None
        if isinstance(answer, Unknown):
            questions.update(answer.questions)
    return Pair(
        need=need.id,
        session=session.id,
        firm=not questions,
        fit=fit_of_pair(facts, need, session),
        questions=tuple(sorted(questions)),
        bridges=find_bridges(facts, need, session),
    )


class RefusalRows:
    """For a rule and a need, the sessions that the rule refuses, as one boolean row over all sessions.

    The rule is asked once for each two distinct keys; its answers are kept.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._examples: dict[str, tuple[list[Session], NDArray[np.intp]]] = {}
        self._rows: dict[tuple[str, Hashable], NDArray[np.bool_]] = {}

    def refused_by(self, code: str, need: Need) -> NDArray[np.bool_]:
        """Return a row of length m, true where the rule says no. It is shared: do not write to it."""
        rule = RULE_BY_CODE[code]
        key = (code, rule.need_key(self._facts, need))
        if key not in self._rows:
            examples, column = self._distinct_sessions(rule)
            refused = [isinstance(rule.judge(self._facts, need, example), No) for example in examples]
            self._rows[key] = np.array(refused, dtype=np.bool_)[column]
        return self._rows[key]

    def _distinct_sessions(self, rule: Rule) -> tuple[list[Session], NDArray[np.intp]]:
        """One example for each distinct key, and for each session the number of its example."""
        if rule.code not in self._examples:
            number_of: dict[Hashable, int] = {}
            examples: list[Session] = []
            column: list[int] = []
            for session in self._facts.problem.sessions:
                key = rule.session_key(self._facts, session)
                if key not in number_of:
                    number_of[key] = len(examples)
                    examples.append(session)
                column.append(number_of[key])
            self._examples[rule.code] = examples, np.array(column, dtype=np.intp)
        return self._examples[rule.code]


def group_by_need(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Pairs of each need, in their order."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.need, []).append(pair)
    return groups
