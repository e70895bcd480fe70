"""Small problems and plans for the optimizer's tests: say only what the test is about.

`need()` and `session()` start from records that are complete and pair firmly with each other, so a test names
the one field it turns. `problem()` declares every recipient, provider, offer and place that the records use
and that the test did not state, and puts each list in canonical order, as reading a file would.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from optimizer.plan import (
    Assignment,
    ObjectiveValue,
    OpenQuestion,
    Plan,
    Question,
    RunningSession,
    SupportUse,
)
from optimizer.problem import (
    Ban,
    Need,
    Offer,
    Pin,
    Place,
    Policy,
    PreviousSeats,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Score,
    Session,
    Substitution,
    Support,
)
from optimizer.verifying.constraints import Ledger
from optimizer.verifying.rules import Facts, fit_again, judge_pair_again, questions_again
from optimizer.verifying.unmet import unmet_again
from optimizer.verifying.values import Values

COMPLETE_NEED = Need(
    id="N-1",
    recipient="XAA",
    areas=frozenset({"MED"}),
    level="basic",
    personnel=frozenset({"troops"}),
    seats=10,
    women=0,
    earliest=date(2027, 1, 1),
    latest=date(2027, 12, 31),
    languages=("en", "fr"),
    modes=("provider_centre", "regional_centre", "online", "in_country", "mobile_team"),
)
COMPLETE_SESSION = Session(
    id="S-1",
    offer="O-1",
    areas=frozenset({"MED"}),
    level="basic",
    personnel=frozenset({"troops"}),
    seats=20,
    start=date(2027, 4, 5),
    end=date(2027, 4, 16),
    languages=frozenset({"en"}),
    mode="provider_centre",
    place="XPA",
    only=frozenset({"any"}),
    requires=(),
)
REGIONS_OF_PLACE = {
    "XAA": ("002", "202", "011"),
    "XAB": ("002", "202", "014"),
    "XAC": ("142", "034"),
    "XPA": ("150", "155"),
    "XPB": ("002", "202", "011"),
}


def need(id: str = "N-1", recipient: str = "XAA", **fields: Any) -> Need:
    """Return a complete need for 10 seats; keyword arguments replace fields (sets: any iterable)."""
    return replace(COMPLETE_NEED, id=id, recipient=recipient, **_frozen(fields, {"areas", "personnel"}))


def session(id: str = "S-1", offer: str = "O-1", **fields: Any) -> Session:
    """Return a complete session of 20 seats of offer O-1 that pairs firmly with `need()`."""
    sets = {"areas", "personnel", "languages", "only", "except_"}
    return replace(COMPLETE_SESSION, id=id, offer=offer, **_frozen(fields, sets))


def support(id: str = "R-1", kind: str = "venue", **fields: Any) -> Support:
    """Return a support of provider XPB of 10 units with no restriction."""
    fields = {"provider": "XPB", "quantity": 10, **fields}
    return Support(id=id, kind=kind, **_frozen(fields, {"only", "areas", "places", "languages", "not_for"}))


def requirement(kind: str = "venue", quantity: int = 0, per_seat: int = 0) -> Requirement:
    return Requirement(kind, quantity, per_seat)


def recipient(id: str = "XAA", place: str | None = "", groups: Iterable[str] = ()) -> Recipient:
    """Return a recipient; the empty text means a place of the same id, ``None`` an unknown place."""
    return Recipient(id, id if place == "" else place, frozenset(groups))


def problem(
    needs: Iterable[Need] = (),
    sessions: Iterable[Session] = (),
    *,
    offers: Iterable[Offer] = (),
    recipients: Iterable[Recipient] = (),
    providers: Iterable[Provider] = (),
    places: Iterable[Place] = (),
    supports: Iterable[Support] = (),
    substitutions: Iterable[tuple[str, str, int]] = (),
    scores: Iterable[tuple[str, str, int]] = (),
    pinned: Iterable[Pin | tuple[str, str, int] | tuple[str, str, int, str]] = (),
    forbidden: Iterable[tuple[str, str]] = (),
    previous: Iterable[tuple[str, str, int]] = (),
    policy: Policy | None = None,
    **policy_fields: Any,
) -> Problem:
    """Return a canonical problem in which every record that is used is declared.

    Offers that are used and not given are of provider XPA; recipients are at a place of their own id. Keyword
    arguments that are not lists of records are fields of the policy.
    """
    needs, sessions, supports = tuple(needs), tuple(sessions), tuple(supports)
    offer_by_id = {o.id: o for o in offers}
    for s in sessions:
        offer_by_id.setdefault(s.offer, Offer(s.offer, "XPA"))
    recipient_by_id = {r.id: r for r in recipients}
    for n in needs:
        recipient_by_id.setdefault(n.recipient, Recipient(n.recipient, n.recipient))
    provider_by_id = {p.id: p for p in providers}
    used_providers = [o.provider for o in offer_by_id.values()] + [s.provider for s in supports]
    used_providers += [partner for o in offer_by_id.values() for partner in o.partners]
    for id in used_providers:
        provider_by_id.setdefault(id, Provider(id))
    place_by_id = {p.id: p for p in places}
    used_places = [r.place for r in recipient_by_id.values()] + [n.place for n in needs]
    used_places += [s.place for s in sessions]
    for place in used_places:
        if place is not None:
            place_by_id.setdefault(place, Place(place, REGIONS_OF_PLACE.get(place, ())))
    pins = [p if isinstance(p, Pin) else Pin(*p) for p in pinned]
    return Problem(
        places=_by_id(place_by_id.values()),
        recipients=_by_id(recipient_by_id.values()),
        providers=_by_id(provider_by_id.values()),
        substitutions=tuple(Substitution(*row) for row in sorted(substitutions)),
        needs=_by_id(needs),
        offers=_by_id(offer_by_id.values()),
        sessions=_by_id(sessions),
        supports=_by_id(supports),
        scores=tuple(Score(*row) for row in sorted(scores)),
        pinned=tuple(sorted(pins)),
        forbidden=tuple(Ban(*row) for row in sorted(forbidden)),
        previous=tuple(PreviousSeats(*row) for row in sorted(previous)),
        policy=policy if policy is not None else Policy(**policy_fields),
    )


def assignment(need: str = "N-1", session: str = "S-1", seats: int = 10, **fields: Any) -> Assignment:
    return Assignment(**{"need": need, "session": session, "seats": seats, "fit": 0, "firm": True, **fields})


def bare_plan(assignments: Iterable[Assignment], **fields: Any) -> Plan:
    """Return a feasible plan that holds these assignments, with their sessions' seats and nothing else."""
    assignments = tuple(sorted(assignments, key=lambda row: (row.need, row.session)))
    filled: dict[str, int] = {}
    for row in assignments:
        filled[row.session] = filled.get(row.session, 0) + row.seats
    plan = Plan(
        problem_sha256="0" * 64,
        outcome="feasible",
        assignments=assignments,
        sessions=tuple(RunningSession(id, seats) for id, seats in sorted(filled.items())),
    )
    return replace(plan, **fields)


def objective_values(values: dict[str, int]) -> tuple[ObjectiveValue, ...]:
    """Return objectives whose bounds are their values, as an optimal plan states them."""
    return tuple(ObjectiveValue(name, value, value) for name, value in values.items())


def full_plan(
    problem: Problem,
    seats: Mapping[tuple[str, str], int],
    supports: Mapping[str, Mapping[str, int]] | None = None,
    bridges: Mapping[tuple[str, str], str] | None = None,
    **fields: Any,
) -> Plan:
    """Return a feasible plan with these seats that says the truth about them: fits, questions, unmet, values.

    `supports` is units by session id and support id, `bridges` the bridging language of a pair. Nothing stops
    a test from placing seats that break a rule; what the plan says of all else is still right. Bounds are
    unknown.
    """
    facts = Facts(problem)
    rows, fits, firm = [], {}, {}
    for (need_id, session_id), count in sorted(seats.items()):
        one, other = problem.need_by_id[need_id], problem.session_by_id[session_id]
        words = judge_pair_again(facts, one, other)
        is_firm = set(words.values()) == {"yes"}
        fit = 0
        if "no" not in words.values():
            fit = fits[need_id, session_id] = fit_again(facts, one, other)
            firm[need_id, session_id] = is_firm
        questions = tuple(sorted(questions_again(facts, one, other, words)))
        bridge = (bridges or {}).get((need_id, session_id))
        rows.append(Assignment(need_id, session_id, count, fit, is_firm, bridge, questions))
    values = Values(facts, rows, fits, firm)
    names = problem.policy.objectives
    plan = Plan(
        problem_sha256="0" * 64,
        outcome="feasible",
        objectives=tuple(ObjectiveValue(name, values.derive(name), None) for name in names),
        assignments=tuple(rows),
        sessions=_running_sessions(problem, rows, supports or {}),
        questions=_open_questions(rows),
        unmet=tuple(unmet_again(Ledger(facts, rows))),
    )
    return replace(plan, **fields)


def _running_sessions(
    problem: Problem, rows: list[Assignment], supports: Mapping[str, Mapping[str, int]]
) -> tuple[RunningSession, ...]:
    filled: dict[str, int] = defaultdict(int)
    for row in rows:
        filled[row.session] += row.seats
    return tuple(
        RunningSession(
            session_id,
            count,
            tuple(
                SupportUse(id, problem.support_by_id[id].kind, units)
                for id, units in sorted(supports.get(session_id, {}).items())
            ),
        )
        for session_id, count in sorted(filled.items())
    )


def _open_questions(rows: list[Assignment]) -> tuple[OpenQuestion, ...]:
    seats: dict[Question, int] = defaultdict(int)
    for row in rows:
        for question in row.questions:
            seats[question] += row.seats
    ordered = sorted(seats, key=lambda question: (-seats[question], question))
    return tuple(OpenQuestion(q.record, q.field, seats[q]) for q in ordered)


def _frozen(fields: dict[str, Any], set_fields: set[str]) -> dict[str, Any]:
    return {
        name: frozenset(value) if name in set_fields and value is not None else value
        for name, value in fields.items()
    }


def _by_id(records: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(records, key=lambda record: record.id))
