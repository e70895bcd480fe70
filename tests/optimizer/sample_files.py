"""Documents for the tests of reading and writing files: whole, small, and easy to break in one place."""

from typing import Any

import pytest

from optimizer.errors import InvalidFile
from optimizer.files.problem_files import read_problem


def smallest_problem() -> dict[str, Any]:
    """The least that the contract accepts: the five lists that must be there."""
    return {
        "format": "lcm-problem/1",
        "recipients": [],
        "providers": [],
        "needs": [],
        "offers": [],
        "sessions": [],
    }


def sketched_problem() -> dict[str, Any]:
    """One need and one session of which nobody has said anything yet."""
    return smallest_problem() | {
        "recipients": [{"id": "XAA"}],
        "providers": [{"id": "XPA"}],
        "needs": [{"id": "N-1", "recipient": "XAA"}],
        "offers": [{"id": "O-1", "provider": "XPA"}],
        "sessions": [{"id": "S-1", "offer": "O-1"}],
    }


def small_round() -> dict[str, Any]:
    """Two needs, of which one can go nowhere, and two sessions, of which one has not said its seats."""
    session = {
        "offer": "O-1",
        "personnel": ["any"],
        "level": "basic",
        "languages": ["en"],
        "only": ["any"],
        "requires": [],
        "mode": "online",
        "start": "2027-04-05",
        "end": "2027-04-16",
    }
    need = {
        "recipient": "XAA",
        "level": "basic",
        "personnel": ["troops"],
        "languages": ["en"],
        "modes": ["any"],
        "earliest": "2027-01-01",
        "latest": "2027-12-31",
    }
    return smallest_problem() | {
        "recipients": [{"id": "XAA"}],
        "providers": [{"id": "XPA"}],
        "needs": [
            {"id": "N-1", "areas": ["MED"], "seats": 30, **need},
            {"id": "N-2", "areas": ["EOD"], "seats": 10, **need},
        ],
        "offers": [{"id": "O-1", "provider": "XPA"}],
        "sessions": [
            {"id": "S-1", "areas": ["MED"], "seats": 20, **session},
            {"id": "S-2", "areas": ["MED"], **session},
        ],
    }


def whole_problem() -> dict[str, Any]:
    """Every list and every field, all stated."""
    return {
        "format": "lcm-problem/1",
        "places": [
            {"id": "KEN", "regions": ["002", "202", "014"]},
            {"id": "GHA", "regions": ["002", "202", "011"]},
            {"id": "Camp Alpha", "regions": []},
        ],
        "recipients": [
            {"id": "XAA", "place": "GHA", "groups": ["ECOWAS", "AU"]},
            {"id": "XAB", "place": None, "groups": []},
        ],
        "providers": [
            {"id": "GBR", "teams": 2, "seats": 300},
            {"id": "NOR", "teams": 0, "seats": 0},
            {"id": "KEN", "teams": None, "seats": None},
        ],
        "substitutions": [{"need_area": "C-IED", "session_area": "EOD", "fit": 60}],
        "needs": [
            {
                "id": "N-1",
                "recipient": "XAA",
                "areas": ["C-IED", "MED"],
                "place": "Camp Alpha",
                "level": "basic",
                "personnel": ["fpu", "troops"],
                "seats": 60,
                "women": 10,
                "min_group": 12,
                "max_groups": 3,
                "whole": True,
                "earliest": "2027-03-01",
                "latest": "2027-09-30",
                "languages": ["fr", "en"],
                "modes": ["mobile_team", "regional_centre"],
                "priority": "critical",
            },
            {"id": "N-2", "recipient": "XAB", "areas": ["any"], "languages": ["any"], "modes": ["any"]},
        ],
        "offers": [
            {"id": "O-1", "provider": "GBR", "partners": ["KEN", "XAB"], "max_sessions": 2, "record": 80}
        ],
        "sessions": [
            {
                "id": "S-1",
                "offer": "O-1",
                "areas": ["C-IED"],
                "level": "any",
                "personnel": ["any"],
                "women_only": True,
                "seats": 40,
                "min_seats": 12,
                "max_recipients": 3,
                "max_per_recipient": 20,
                "start": "2027-04-05",
                "end": "2027-04-16",
                "not_before": "2027-04-01",
                "not_after": "2027-04-30",
                "languages": ["en", "pt-BR"],
                "mode": "regional_centre",
                "place": "KEN",
                "only": ["002", "ECOWAS"],
                "except": ["XAB"],
                "team": True,
                "requires": [
                    {"kind": "venue", "quantity": 1, "per_seat": 0},
                    {"kind": "funds", "quantity": 20000, "per_seat": 900},
                ],
            },
            {"id": "S-2", "offer": "O-1", "only": ["any"], "requires": []},
        ],
        "supports": [
            {
                "id": "R-1",
                "provider": "NOR",
                "kind": "funds",
                "quantity": 250000,
                "per_session": 90000,
                "from": "2027-01-01",
                "to": "2027-12-31",
                "only": ["ECOWAS"],
                "areas": ["any"],
                "places": ["002"],
                "languages": None,
            },
            {"id": "R-2", "provider": "NOR", "kind": "interpretation", "languages": ["fr", "en"]},
        ],
        "scores": [{"need": "N-1", "session": "S-1", "fit": 90}],
        "pinned": [{"need": "N-1", "session": "S-1", "seats": 20, "rule": "exactly"}],
        "forbidden": [{"need": "N-1", "session": "S-2"}],
        "previous": [{"need": "N-1", "session": "S-1", "seats": 20}],
        "policy": {
            "objectives": ["critical", "quality"],
            "weights": {"critical": 8, "high": 3, "routine": 1},
            "quarters": [4, 4, 2, 0],
            "fit": {"area": 40, "language": 30, "mode": 15, "proximity": 10, "record": 5},
            "planning_seats": {"need": 4, "session": 18},
            "reached_seats": 15,
            "unknowns": "exclude",
        },
    }


def whole_plan() -> dict[str, Any]:
    """Every list and every field of a plan, all stated (the plan answers no problem of the tests)."""
    return {
        "format": "lcm-plan/1",
        "problem_sha256": "0123456789abcdef" * 4,
        "outcome": "feasible",
        "objectives": [
            {"name": "firm.critical", "value": 120, "bound": 130},
            {"name": "quality", "value": -50, "bound": None},
        ],
        "assignments": [
            {
                "need": "N-1",
                "session": "S-1",
                "seats": 20,
                "fit": 83,
                "firm": False,
                "bridged_by": "fr",
                "questions": [{"record": "S-1", "field": "requires"}],
            },
            {
                "need": "N-2",
                "session": "S-1",
                "seats": 15,
                "fit": 70,
                "firm": True,
                "bridged_by": None,
                "questions": [],
            },
        ],
        "sessions": [
            {
                "id": "S-1",
                "seats_filled": 35,
                "supports": [{"support": "R-1", "kind": "funds", "quantity": 51500}],
            }
        ],
        "questions": [{"record": "S-1", "field": "requires", "seats": 20}],
        "unmet": [
            {
                "need": "N-2",
                "seats_short": 30,
                "reason": "contention",
                "blocked_counts": {"language": 3},
                "nearest": [{"session": "S-9", "rules": ["language", "mode"]}],
            }
        ],
        "clash": None,
        "solver": {
            "pulp": "4.2.0",
            "solver": "HiGHS 1.16",
            "seconds": 1.25,
            "threads": 2,
            "stopped_by": "time_limit",
        },
    }


def clashing_plan() -> dict[str, Any]:
    """A plan whose pins clash, with the limits that they meet."""
    return whole_plan() | {
        "outcome": "clashing_pins",
        "objectives": [],
        "assignments": [],
        "sessions": [],
        "questions": [],
        "unmet": [],
        "clash": {
            "pins": [{"need": "N-1", "session": "S-1", "seats": 20, "rule": "at_least"}],
            "limits": [
                {
                    "code": "C1",
                    "record": "S-1",
                    "pairs": [{"need": "N-1", "session": "S-1"}],
                    "required": 20,
                    "available": 12,
                },
                {"code": "language", "record": "S-1", "pairs": [], "required": None, "available": None},
            ],
        },
    }


def change(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Set the value at a path such as ``needs[0].seats``, in place, and give the document back."""
    *steps, last = _steps(path)
    inner: Any = document
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return document


def leave_out(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Delete the key at a path, in place, and give the document back."""
    *steps, last = _steps(path)
    inner: Any = document
    for step in steps:
        inner = inner[step]
    del inner[last]
    return document


def _steps(path: str) -> list[str | int]:
    return [
        int(step) if step.isdigit() else step for step in path.replace("]", "").replace("[", ".").split(".")
    ]


def faults_of(document: object) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as refused:
        read_problem(document)
    return refused.value.faults


def is_accepted(document: object) -> bool:
    try:
        read_problem(document)
    except InvalidFile:
        return False
    return True
