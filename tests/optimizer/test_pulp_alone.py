"""A process that solves gets ready without what PuLP would load for others, and PuLP lacks none of it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("orloge", "ortools", "pandas", "pydantic")


def answer_of(program: str) -> object:
    """What a new process prints, whose modules are its own."""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout)


def test_neither_readers_of_logs_nor_other_solvers_are_loaded_with_the_optimizer():
    program = f"import json, sys, optimizer; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    assert answer_of(program) == []


def test_what_stands_in_is_the_real_thing_once_it_is_asked():
    program = """
import json
from optimizer.pulp_alone import pulp
from pulp.core import lp_stats
import orloge
problem = pulp.LpProblem("two", pulp.LpMaximize)
x = problem.add_variable("x", 0, 4, pulp.LpInteger)
problem += x
problem += 2 * x <= 5
problem.solve(pulp.CPSAT(msg=False))
print(json.dumps([lp_stats.orloge.get_info_solver is orloge.get_info_solver, x.value()]))
"""
    assert answer_of(program) == [True, 2]
