"""Who would be next for each match of a plan: a program of its own, run by `solving`.

``python reserve_list.py PROBLEM PLAN OUTPUT SECONDS [NEED]`` writes an `lcm-reserves/1`: for each match of
the plan, or of one need, what others would gain if just that match were declined, with everything else that
the plan holds kept. It asks the optimizer by its door alone, and prints a line of progress after every match.
It looks at the sessions near the match (docs/matching.md, 8), so that who would be next is found, and not
proven to be best.
"""

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from optimizer import NoPlanFound, Plan, Problem, RepairDesk, load_plan, load_problem, write_json

FORMAT = "lcm-reserves/1"


def find_reserves(problem: Problem, plan: Plan, seconds: float, need: str | None = None) -> dict[str, Any]:
    """The reserve of each match, in the plan's order; what comes after the time is over is not settled."""
    end = monotonic() + seconds
    try:
        desk = RepairDesk(problem, plan)
    except NoPlanFound:
        # A plan can be sound and yet not be begun from, where a session is held below its least.
        desk = None
    rows = [row for row in plan.assignments if need in (None, row.need)]
    matches = []
    for row in rows:
        gains = None
        answer = "not_settled"
        if desk is not None and monotonic() < end:
            answer, gains = _ask(desk, row.need, row.session)
        matches.append({"need": row.need, "session": row.session, "answer": answer, "gains": gains or []})
        progress = {"stage": "reserves", "done": len(matches), "of": len(rows)}
        sys.stderr.write(f"{json.dumps(progress)}\n")
        sys.stderr.flush()
    return {"format": FORMAT, "problem_sha256": plan.problem_sha256, "matches": matches}


def _ask(desk: RepairDesk, need: str, session: str) -> tuple[str, list[dict[str, Any]] | None]:
    try:
        gains = desk.reserve(need, session)
    except NoPlanFound:
        return "not_settled", None
    if gains is None:
        return "cannot_stand", None
    return "gains", [{"need": one.need, "session": one.session, "seats": one.seats} for one in gains]


if __name__ == "__main__":
    problem_file, plan_file, output, limit, *about = sys.argv[1:]
    found = find_reserves(load_problem(problem_file), load_plan(plan_file), float(limit), *about)
    write_json(Path(output), found)
