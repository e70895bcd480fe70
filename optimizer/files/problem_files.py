"""Reading `lcm-problem/1`: a document or file in, a frozen `Problem` in canonical order out, or every
fault.
"""

from pathlib import Path

from optimizer.errors import InvalidFile
from optimizer.files.json_text import load_json
from optimizer.files.records import read_record
from optimizer.files.tables import PROBLEM
from optimizer.files.values import Reading
from optimizer.problem import Problem


def read_problem(document: object) -> Problem:
    """The problem that a JSON document states, with defaults filled in and rows in canonical order.

    Raises `InvalidFile` with all the faults found: types, ranges, unknown keys, ids that are repeated or not
    declared, pairs that are repeated (contract, section 2).
    """
    reading = Reading()
    problem = read_record(document, PROBLEM, "", reading)
    if reading.faults:
        raise InvalidFile(reading.all_faults())
    assert isinstance(problem, Problem)
    return problem


def load_problem(path: str | Path) -> Problem:
    """The problem in a file. Raises `InvalidFile` as `read_problem`, and where the file is not readable
    JSON.
    """
    return read_problem(load_json(path))
