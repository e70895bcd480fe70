"""What one participant may read of a whole plan: its own rows, and of others only what its rows need.

A plan shows who asked for what and who was left without; none of that is another participant's business. A
recipient sees where its needs are placed and why some are not; a provider sees who is placed in its sessions
and has agreed to be put to it, and what it must know of them. How full a session is, is for its provider
alone, and it counts those seats alone.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lcm_service.persistence.tables import Match, Plan
from lcm_service.services.known_rows import labels_as_known, rows_as_known
from lcm_service.services.match_turns import Standing, pairs_known
from lcm_service.services.match_views import NEED_FIELDS_FOR_PROVIDERS
from lcm_service.services.parts_needed import per_seat_by_session, supports_for_fewer

# Changes of a need that its owner can make; one more support is for others to give.
OWN_CHANGES: Final = ("language", "earlier", "later", "min_group", "mode", "max_groups", "not_whole")
COUNTED_IN_DAYS: Final = ("earlier", "later")

type Row = Mapping[str, Any]
type PairCodes = tuple[str, str]


def excerpt_of_plan(
    plan: Plan, participant_code: str, explanation: Row, matches: Iterable[Match]
) -> dict[str, Any]:
    """What the participant may read of a published plan, explained so, of which these are the matches; as
    `excerpt_for` gives it.
    """
    known = pairs_known(matches)
    of_others = pairs_of_provider(plan, participant_code, known)
    document = {
        **plan.document,
        "assignments": rows_as_known(plan.document["assignments"], "assignments", plan, of_others),
    }
    explanation = {
        **explanation,
        "matches": rows_as_known(explanation["matches"], "matches", plan, of_others),
    }
    return excerpt_for(
        participant_code,
        document,
        explanation,
        labels_as_known(plan.labels, plan, of_others),
        {pair: standing.seats for pair, standing in known.items()},
        per_seat=per_seat_by_session(plan),
        hides_fit=weighed_record(plan),
    )


def pairs_of_provider(
    plan: Plan, participant_code: str, known: Mapping[PairCodes, Standing]
) -> dict[PairCodes, Standing]:
    """Those of the pairs that the participant reads as their provider, and not as their recipient."""
    needs, sessions = plan.labels["needs"], plan.labels["sessions"]
    rows = ((row["need"], row["session"]) for row in plan.document["assignments"])
    return {
        pair: known[pair]
        for pair in rows
        if pair in known
        and sessions[pair[1]]["provider"] == participant_code
        and needs[pair[0]]["recipient"] != participant_code
    }


def excerpt_for(
    participant_code: str,
    document: Row,
    explanation: Row,
    labels: Mapping[str, Any],
    known: Mapping[PairCodes, int],
    *,
    per_seat: Mapping[tuple[str, str], int],
    hides_fit: bool = False,
) -> dict[str, Any]:
    """The participant's own rows of a plan document, with the labels of what they name. ``known`` are the
    pairs that the providers know of, with their seats: of the others in its sessions a provider reads
    nothing. ``per_seat``: what a seat of a session takes of each kind of support. ``hides_fit``: the records
    of courses count in the fit, and of others' courses those are not its to know; so their fit is told as 0.

    ``{"assignments", "sessions", "unmet", "questions", "explanation", "labels"}``, each in the plan's own
    form.
    """
    own_needs = {ref for ref, label in labels["needs"].items() if label["recipient"] == participant_code}
    own_sessions = {
        code for code, label in labels["sessions"].items() if label["provider"] == participant_code
    }
    own_records = own_needs | own_sessions | {participant_code}
    own_records |= {ref for ref, label in labels["offers"].items() if label["provider"] == participant_code}
    own_records |= {ref for ref, label in labels["supports"].items() if label["provider"] == participant_code}
    own_pairs = {
        (row["need"], row["session"]): row["seats"]
        for row in document["assignments"]
        if row["need"] in own_needs
    }
    own_pairs |= {pair: seats for pair, seats in known.items() if pair[1] in own_sessions}
    assignments = [
        _own_questions_only(row, own_records) | {"seats": own_pairs[row["need"], row["session"]]}
        for row in document["assignments"]
        if (row["need"], row["session"]) in own_pairs
    ]
    unmet = [row for row in document["unmet"] if row["need"] in own_needs]
    if hides_fit:
        assignments = [_without_fit(row, own_sessions) for row in assignments]
    explained = _explained(explanation, own_needs, own_pairs, own_records)
    excerpt = {
        "assignments": assignments,
        "sessions": _own_sessions(document, own_sessions, known, per_seat),
        "unmet": unmet,
        "questions": _count_questions(assignments, labels),
        "explanation": _explained_without_fit(explained, own_sessions) if hides_fit else explained,
    }
    return excerpt | {"labels": _labels_of(excerpt, own_needs, labels)}


def weighed_record(plan: Plan) -> bool:
    """Whether the records of courses counted in the plan: in the policy of the problem that it answers."""
    return bool(json.loads(plan.problem)["policy"]["fit"]["record"])


def _without_fit(row: Row, own_sessions: set[str]) -> dict[str, Any]:
    """A row whose fit would tell how good another's course is said to be: by the formula, that is what is
    left once the other parts are known.
    """
    if row["session"] in own_sessions:
        return dict(row)
    return {**row, "fit": 0} | ({"fit_parts": None} if "fit_parts" in row else {})


def _explained_without_fit(explained: Row, own_sessions: set[str]) -> dict[str, Any]:
    """The same of what is explained. Other sessions come by fit, so their order would tell of it too."""

    def in_plain_order(rows: Iterable[Row]) -> list[dict[str, Any]]:
        return sorted((_without_fit(one, own_sessions) for one in rows), key=lambda one: str(one["session"]))

    matches = [
        _without_fit(row, own_sessions) | {"alternatives": in_plain_order(row["alternatives"])}
        for row in explained["matches"]
    ]
    unmet = [{**row, "waiting": in_plain_order(row["waiting"])} for row in explained["unmet"]]
    return {"matches": matches, "unmet": unmet}


def _own_sessions(
    document: Row,
    own_sessions: set[str],
    known: Mapping[PairCodes, int],
    per_seat: Mapping[tuple[str, str], int],
) -> list[dict[str, Any]]:
    """A provider's running sessions, filled with the seats that it knows of.

    A session in which it knows of nobody is not among them. What is set aside for a session goes with the
    seats, so it is told for the seats that the provider knows of: that it was told no more would tell of
    others.
    """
    sessions = []
    for row in document["sessions"]:
        if row["id"] not in own_sessions:
            continue
        rows = [one for one in document["assignments"] if one["session"] == row["id"]]
        filled = sum(known.get((one["need"], one["session"]), 0) for one in rows)
        if filled:
            supports = supports_for_fewer(row, filled, per_seat)
            sessions.append({**row, "seats_filled": filled, "supports": supports})
    return sessions


def _own_questions_only(row: Row, own_records: set[str]) -> dict[str, Any]:
    """An assignment with the questions that the participant itself can answer."""
    return {**row, "questions": [one for one in row["questions"] if one["record"] in own_records]}


def _count_questions(assignments: Iterable[Row], labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The questions of these assignments, with the seats of the participant's own rows that hang on them.

    How many seats of a need count is not among them once its owner has said how many it asks for.
    """
    seats = Counter[tuple[str, str]]()
    for row in assignments:
        for one in row["questions"]:
            need = labels["needs"].get(one["record"], {})
            if one["field"] != "seats" or need.get("seats_asked") is None:
                seats[one["record"], one["field"]] += row["seats"]
    ordered = sorted(seats.items(), key=lambda item: (-item[1], item[0]))
    return [{"record": record, "field": field, "seats": count} for (record, field), count in ordered]


def _explained(
    explanation: Row, own_needs: set[str], own_pairs: Mapping[PairCodes, int], own_records: set[str]
) -> dict[str, list[dict[str, Any]]]:
    """Why the participant's own rows are as they are. What else a need could have had is the recipient's to
    read.
    """
    matches = []
    for row in explanation["matches"]:
        if (row["need"], row["session"]) in own_pairs:
            others = row["alternatives"] if row["need"] in own_needs else ()
            alternatives = [_without_seats_left(one) for one in others]
            own = _own_questions_only(row, own_records) | {"alternatives": alternatives}
            matches.append(own | {"seats": own_pairs[row["need"], row["session"]]})
    unmet = [
        row | {"waiting": [_without_seats_left(one) for one in row["waiting"]]} | _own_changes(row)
        for row in explanation["unmet"]
        if row["need"] in own_needs
    ]
    return {"matches": matches, "unmet": unmet}


def _own_changes(row: Row) -> dict[str, Any]:
    """What would help a need, as far as it is its own record's; of others not a word.

    Numbers of seats would tell how full sessions are, and a support that is missing how much of it others
    use; so neither is told, nor whether anyone would lose, nor what was not settled (docs/decisions.md, 16).
    """
    changes = row.get("changes")
    if changes is None:
        return {"changes": None}
    helps = [
        {"change": _without_seats(one["change"])}
        for one in changes["helps"]
        if one["change"]["kind"] in OWN_CHANGES
    ]
    return {"changes": {"helps": helps}}


def _without_seats(change: Row) -> dict[str, Any]:
    """Days are told, for offers and their dates are open; how many seats are left is not."""
    return {**change, "amount": change["amount"] if change["kind"] in COUNTED_IN_DAYS else None}


def _without_seats_left(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "seats_left"}


def _labels_of(excerpt: Row, own_needs: set[str], labels: Mapping[str, Any]) -> dict[str, Any]:
    needs = {row["need"] for row in (*excerpt["assignments"], *excerpt["unmet"])}
    sessions = {row["session"] for row in excerpt["assignments"]} | {row["id"] for row in excerpt["sessions"]}
    sessions |= {near["session"] for row in excerpt["unmet"] for near in row["nearest"]}
    explained = excerpt["explanation"]
    sessions |= {one["session"] for row in explained["matches"] for one in row["alternatives"]}
    sessions |= {one["session"] for row in explained["unmet"] for one in row["waiting"]}
    need_labels = {ref: _need_label(labels["needs"][ref], ref in own_needs) for ref in sorted(needs)}
    session_labels = {code: labels["sessions"][code] for code in sorted(sessions)}
    offers = {label["offer"] for label in session_labels.values()}
    supports = {use["support"] for row in excerpt["sessions"] for use in row["supports"]}
    participants = {label["recipient"] for label in need_labels.values()}
    participants |= {label["provider"] for label in session_labels.values()}
    participants |= {labels["supports"][ref]["provider"] for ref in supports}
    shown = (*need_labels.values(), *session_labels.values())
    places = {label["place"] for label in shown if label.get("place") is not None}
    areas = {code for label in shown for code in label["areas"] or ()}
    # Even the lists of names are cut: a place or an area that only others' needs name would tell of them.
    return {
        "round": labels["round"],
        "needs": need_labels,
        "sessions": session_labels,
        "offers": _picked(labels["offers"], offers),
        "supports": _picked(labels["supports"], supports),
        "participants": _picked(labels["participants"], participants),
        "places": _picked(labels["places"], places),
        "areas": _picked(labels["areas"], areas),
        "regions": {},
    }


def _picked(labels: Mapping[str, Any], codes: Iterable[str]) -> dict[str, Any]:
    return {code: labels[code] for code in sorted(codes) if code in labels}


def _need_label(label: Row, is_own: bool) -> dict[str, Any]:
    return dict(label) if is_own else {key: label[key] for key in NEED_FIELDS_FOR_PROVIDERS}
