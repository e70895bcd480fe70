"""What happens to a run, as codes with their facts: each line of a run's story is one of these.

The sentences are English and carry the facts by name; the pages translate them, the command line prints them.
"""

from collections.abc import Mapping
from typing import Any, Final

SENTENCES: Final[Mapping[str, str]] = {
    "requested": "The run was requested with {needs} needs, {sessions} sessions and {pins} pinned matches.",
    "follows": "Run {run} found pinned matches that clash. This run tries a way out: {choice}.",
    "asked_about_plan": (
        "It was asked what would help the needs that plan {plan} leaves short, and who would be next."
    ),
    "asked_about_need": "It was asked what would help need {need} of plan {plan}, and who would be next.",
    "started": "A worker took the run (attempt {attempt}).",
    "worker_lost": "The worker gave no sign of life until its lease ended. The run was queued again.",
    "gave_up": "The worker was lost {attempts} times. The run is not tried again.",
    "cancelled": "The run was cancelled. No plan was stored, and earlier plans are as they were.",
    "crashed": (
        "The solving process ended unexpectedly ({how}). "
        "No plan was stored, and earlier plans are as they were."
    ),
    "said": "The solving process said: {line}",
    "no_plan_in_time": "The time limit of {seconds} seconds ended the search before any plan was found.",
    "overran": "The solving process did not stop at its time limit of {seconds} seconds and was ended.",
    "refused": (
        "The answer failed the independent check ({violations} violations, the first: {first}). "
        "It was not stored."
    ),
    "unreadable": "The answer could not be read ({fault}). It was not stored.",
    "stored": "Plan {plan} was verified and stored as a draft: {outcome}, {seconds} seconds.",
    "compared": "{scenarios} scenarios were solved, verified and stored. No plan was made.",
    "explained": (
        "What would help {needs} needs, and who would be next for {matches} matches, was worked out and "
        "stored with the plan. No plan was made."
    ),
    "clash": "No plan satisfies all pinned matches: {pins} of them clash. No plan was stored.",
    "choice_requested": "Run {run} tries a way out: {choice}.",
    "no_choice_left": "Every way out of this clash has been tried already.",
    "worker_stopped": "The worker was stopped before the run ended. The run was queued again.",
}


def tell(code: str, facts: Mapping[str, Any]) -> str:
    """The line in English. Raises KeyError for a code that is not a story's, or a fact that is missing."""
    return SENTENCES[code].format_map(dict(facts))
