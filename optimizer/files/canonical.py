"""The canonical form of a problem and its hash: what makes "the same problem" a fact that can be checked."""

import hashlib
import json
from dataclasses import replace
from typing import Any, Final

from optimizer.files.records import write_record
from optimizer.files.tables import PROBLEM
from optimizer.problem import Problem


def problem_to_document(problem: Problem) -> dict[str, Any]:
    """The problem as an `lcm-problem/1` document, nulls and defaults written out.

    Records are sorted by id (pairs by need and session), sets are sorted, lists in order of preference are as
    given. ``read_problem(problem_to_document(problem)) == problem`` for every problem that was read.
    """
    return write_record(problem, PROBLEM)


def canonical_bytes(problem: Problem) -> bytes:
    """The canonical form: UTF-8 JSON, keys sorted, no spaces (contract, section 6)."""
    return _canonical_text(problem_to_document(problem)).encode("utf-8")


def _canonical_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def problem_sha256(problem: Problem) -> str:
    """The SHA-256 of the canonical form, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_bytes(problem)).hexdigest()


class AgreementHash:
    """`problem_sha256` for a round whose pins, bans and previous plan change while all else stays: what stays
    is written once.
    """

    _CHANGING: Final = ("forbidden", "pinned", "previous")

    def __init__(self, problem: Problem) -> None:
        self._bare = Problem(policy=problem.policy)
        document = problem_to_document(problem)
        self._texts = {key: _canonical_text(value) for key, value in document.items()}

    def sha256(self, problem: Problem) -> str:
        """The hash of a problem that differs from the first in pins, bans and the previous plan alone, which
        is not checked here.
        """
        changed = replace(
            self._bare, pinned=problem.pinned, forbidden=problem.forbidden, previous=problem.previous
        )
        document = problem_to_document(changed)
        texts = self._texts | {key: _canonical_text(document[key]) for key in self._CHANGING}
        whole = ",".join(f"{_canonical_text(key)}:{texts[key]}" for key in sorted(texts))
        return hashlib.sha256(f"{{{whole}}}".encode()).hexdigest()
