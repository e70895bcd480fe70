"""The rows of the published plan as a provider knows them.

While the recipient of a pair is asked for more than the provider knows of, or after it declined that, the
provider goes on to read the pair by the plan that was put to it: its row, why it is as it is, and of the need
what was said then. What the recipient has changed since is told with what it agrees to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from lcm_service.persistence.tables import Plan
from lcm_service.services.match_turns import Standing

type Row = Mapping[str, Any]
type PairCodes = tuple[str, str]


def rows_as_known(
    rows: Iterable[Row], part: str, plan: Plan, known: Mapping[PairCodes, Standing]
) -> list[Row]:
    """Rows of ``plan``, each as its provider knows it where that is by another plan: ``part`` says where they
    stand in a plan, among the ``assignments`` or the explained ``matches``.

    Seats are for the caller to write. A question stays where the plan of now asks it too: else it was
    answered, or it is not asked any more.
    """
    by_plan: dict[int, dict[PairCodes, Row]] = {}
    found = []
    for row in rows:
        pair = (row["need"], row["session"])
        standing = known.get(pair)
        if standing is None or standing.plan.id == plan.id:
            found.append(row)
            continue
        if standing.plan.id not in by_plan:
            by_plan[standing.plan.id] = _rows_by_pair(standing.plan, part)
        put = by_plan[standing.plan.id][pair]
        asked = {(one["record"], one["field"]) for one in row["questions"]}
        questions = [one for one in put["questions"] if (one["record"], one["field"]) in asked]
        # What is kept is pinned in every later plan, whether its recipient is asked for more or not.
        pinned = {"pinned": row["pinned"]} if "pinned" in row else {}
        found.append({**put, **pinned, "questions": questions})
    return found


def labels_as_known(
    labels: Mapping[str, Any], plan: Plan, known: Mapping[PairCodes, Standing]
) -> Mapping[str, Any]:
    """The labels of ``plan`` with those needs as they were put that the provider knows by no later plan."""
    plans = defaultdict[str, list[Plan]](list)
    for (need, _), standing in known.items():
        plans[need].append(standing.plan)
    latest = {need: max(of_need, key=lambda one: one.id) for need, of_need in plans.items()}
    earlier = {need: put.labels for need, put in latest.items() if put.id != plan.id}
    named = {
        part: {code: name for put in earlier.values() for code, name in put[part].items()} | labels[part]
        for part in ("areas", "places", "participants")
    }
    needs = labels["needs"] | {need: put["needs"][need] for need, put in earlier.items()}
    return {**labels, **named, "needs": needs}


def _rows_by_pair(plan: Plan, part: str) -> dict[PairCodes, Row]:
    rows = plan.document["assignments"] if part == "assignments" else plan.explanation["matches"]
    return {(row["need"], row["session"]): row for row in rows}
