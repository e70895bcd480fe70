"""The canonical form of a problem and its hash: what makes "the same problem" a fact that can be checked."""

import hashlib
import json
from typing import Any

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
    text = json.dumps(problem_to_document(problem), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def problem_sha256(problem: Problem) -> str:
    """The SHA-256 of the canonical form, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_bytes(problem)).hexdigest()
