"""What verify asks of a plan that says: these pins cannot hold together.

That a clash is real, and that it is smallest, is a proof that only a search over all plans can give. What can
be told without one is told here: the pins are the problem's, each limit is one that the problem sets, binds
the pairs named and has the numbers stated (`clash_limits.py`), and the plainest plan of all, the pins
alone at just their seats, is tried. Where that plan obeys every rule the clash is false.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from optimizer.plan import Assignment, Plan, RunningSession, SupportUse
from optimizer.problem import Pin, Problem, Session, Support
from optimizer.verifying.clash_limits import check_limits, refusals_of
from optimizer.verifying.constraints import Ledger, Violation, find_breaches, may_be_used
from optimizer.verifying.rules import INTERPRETATION, Facts, bridges_again, links, needs_bridge, support_fits


def check_clash(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A plan whose pins clash places nobody, and names pins of the problem with the limits they meet."""
    if plan.assignments or plan.sessions or plan.objectives or plan.questions or plan.unmet:
        message = "A plan whose pins clash holds no assignments, sessions, objectives, questions or unmet"
        yield Violation("outcome", None, None, f"{message} needs.")
    if plan.clash is None or not plan.clash.pins:
        message = "The outcome is clashing_pins and no pins are named."
        yield Violation("outcome", None, None, f"{message} Name a smallest set of pins that clash.")
        return
    faults = list(_check_pins(problem, plan.clash.pins))
    yield from faults
    if faults:
        return
    facts = Facts(problem)
    yield from check_limits(facts, plan.clash)
    if pins_hold_alone(problem, plan.clash.pins):
        message = "The pins named do not clash: placed alone, with just their seats, they obey every rule."
        yield Violation("outcome", None, None, message)


def _check_pins(problem: Problem, pins: tuple[Pin, ...]) -> Iterator[Violation]:
    pinned = set(problem.pinned)
    for pin, count in Counter(pins).items():
        name = f"pin of need {pin.need} in session {pin.session}"
        if pin not in pinned:
            message = f"The clash names a {name}, which is not pinned so."
            yield Violation("outcome", pin.need, pin.session, message)
        if count > 1:
            yield Violation("duplicate", pin.need, pin.session, f"The clash names the {name} {count} times.")


def pins_hold_alone(problem: Problem, pins: tuple[Pin, ...]) -> bool:
    """Say whether the plan that holds these pins, with just their seats, and nothing else obeys every rule.

    Supports and bridging languages are taken as they come, without search: a *no* proves nothing, a *yes*
    proves that the pins hold together.
    """
    facts = Facts(replace(problem, pinned=pins))
    if any(refusals_of(facts, pin) for pin in pins):
        return False
    ledger = Ledger(facts, [_assign(facts, pin) for pin in pins])
    sessions = _share_supports(ledger)
    plan = Plan("", "feasible", assignments=tuple(ledger.rows), sessions=sessions)
    return next(find_breaches(ledger, plan), None) is None


def _assign(facts: Facts, pin: Pin) -> Assignment:
    need, session = facts.problem.need_by_id[pin.need], facts.problem.session_by_id[pin.session]
    bridge = bridges_again(facts, need, session)[0] if needs_bridge(need, session) else None
    return Assignment(pin.need, pin.session, pin.seats, 0, True, bridge)


def _share_supports(ledger: Ledger) -> tuple[RunningSession, ...]:
    """Give each running session what it needs from the first supports that have it."""
    left = {support.id: support.quantity or 0 for support in ledger.problem.supports}
    running: list[RunningSession] = []
    for session, groups in ledger.running():
        uses: dict[str, int] = defaultdict(int)
        for kind, language, units in _find_demands(ledger, session, groups):
            for support in ledger.problem.supports:
                is_giver = support.kind == kind and _may_give(ledger, support, session, groups)
                if not is_giver or not (language is None or links(support, language, session)):
                    continue
                most = left[support.id]
                if support.per_session is not None:
                    most = min(most, support.per_session - uses[support.id])
                given = min(units, most)
                uses[support.id] += given
                left[support.id] -= given
                units -= given
        rows = tuple(
            SupportUse(id, ledger.problem.support_by_id[id].kind, units)
            for id, units in sorted(uses.items())
            if units > 0
        )
        running.append(RunningSession(session.id, ledger.filled(session.id), rows))
    return tuple(running)


def _find_demands(
    ledger: Ledger, session: Session, groups: list[Assignment]
) -> Iterator[tuple[str, str | None, int]]:
    """Yield (kind, language to link, units): languages first, for the fewest supports can serve them."""
    languages = {row.bridged_by.lower(): row.bridged_by for row in groups if row.bridged_by is not None}
    for language in sorted(languages):
        yield INTERPRETATION, language, 1
    for requirement in session.requires or ():
        yield requirement.kind, None, requirement.quantity + requirement.per_seat * ledger.filled(session.id)


def _may_give(ledger: Ledger, support: Support, session: Session, groups: list[Assignment]) -> bool:
    return support_fits(ledger.facts, support, session) and may_be_used(ledger, support, session, groups)
