"""The command line: ``python -m optimizer check|solve|verify|explain|diff|scenarios`` (contract, section 1).

Exit status: 0 done; 1 the answer is no (violations, pins that clash); 2 bad input, one line a fault; 3
stopped without any plan. Whatever the input, there is no traceback and no half-written file.
"""

import argparse
import math
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Final

from optimizer.clock import Clock, Progress
from optimizer.command_line.output import CannotWrite, Output, refuse_unwritable
from optimizer.command_line.scenarios import describe_scenarios
from optimizer.command_line.text import (
    describe_check,
    describe_difference,
    describe_explanation,
    describe_plan,
    describe_verification,
)
from optimizer.errors import InvalidFile, NoPlanFound
from optimizer.explaining.check import check, check_report_to_document
from optimizer.explaining.comparison import diff_plans, difference_to_document
from optimizer.explaining.explain import explain, explanation_to_document
from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.would_help import ChangeSearch
from optimizer.files.canonical import problem_sha256
from optimizer.files.json_text import load_json, shown_name
from optimizer.files.plan_files import plan_to_document, read_plan
from optimizer.files.problem_files import load_problem
from optimizer.files.values import show_value
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.scenarios.comparing import compare_scenarios
from optimizer.scenarios.files import scenarios_to_document
from optimizer.solving.solve import solve
from optimizer.verifying.verify import Verification, verify

DONE: Final = 0
ANSWER_IS_NO: Final = 1
BAD_INPUT: Final = 2
NO_PLAN: Final = 3

MAX_THREADS: Final = 256
MAX_SECONDS: Final = 10**9
EXPLAIN_SECONDS: Final = 60.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. ``argv`` is without the program's name."""
    try:
        arguments = _build_parser().parse_args(argv)
    except SystemExit as stop:
        # argparse has said what is wrong, or printed the help.
        return DONE if stop.code in (0, None) else BAD_INPUT
    output = Output(as_json=arguments.json)
    try:
        with _terminate_as_interrupt():
            status: int = arguments.run(arguments, output)
            return status
    except InvalidFile as error:
        output.report_faults(error.faults)
        return BAD_INPUT
    except CannotWrite as error:
        output.report_faults([str(error)])
        return BAD_INPUT
    except NoPlanFound as error:
        output.report_failure(f"stopped without any plan: {error}")
    except KeyboardInterrupt:
        output.report_failure("stopped on request; nothing was written")
    except MemoryError:
        output.report_failure("stopped: there is not enough memory for this problem; nothing was written")
    except (
        Exception
    ) as error:  # The last resort: a defect of ours is reported in one line, not as a traceback.
        output.report_failure(f"internal failure, please report it: {_name_defect(error)}")
    return NO_PLAN


def _name_defect(error: Exception) -> str:
    """The kind, text and place of an error that nobody foresaw, enough to find it by."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    place = "" if step is None else f" ({Path(step.tb_frame.f_code.co_filename).name}, line {step.tb_lineno})"
    return f"{type(error).__name__}: {error}{place}"


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let a request to terminate end the work as Ctrl-C does, so that temporary files are cleared away."""

    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # Only the main thread may say how signals are met; elsewhere its owner decides.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check(arguments: argparse.Namespace, output: Output) -> int:
    problem = load_problem(arguments.problem)
    report = check(problem)
    output.print_answer(check_report_to_document(report), describe_check(report))
    return DONE if report.clash is None else ANSWER_IS_NO


def _solve(arguments: argparse.Namespace, output: Output) -> int:
    problem = load_problem(arguments.problem)
    start = None if arguments.start is None else _load_plan(arguments.start)
    refuse_unwritable(arguments.output, inputs=(arguments.problem, arguments.start))
    search = partial(
        solve,
        problem,
        start=start,
        time_limit_seconds=arguments.time_limit,
        threads=arguments.threads,
        solver=arguments.solver,
        on_progress=_progress_printer(output) if arguments.progress else None,
    )
    plan = _run_so_that_it_can_be_stopped(search)
    verification = verify(problem, plan, problem_sha256(problem))
    if not verification.ok:
        _report_own_violations(verification, output)
        return NO_PLAN
    document = plan_to_document(plan)
    output.write_file(arguments.output, document)
    output.print_answer(document, describe_plan(problem, plan))
    return ANSWER_IS_NO if plan.outcome == "clashing_pins" else DONE


def _scenarios(arguments: argparse.Namespace, output: Output) -> int:
    problem = load_problem(arguments.problem)
    refuse_unwritable(arguments.output, inputs=(arguments.problem,))
    search = partial(
        compare_scenarios,
        problem,
        time_limit_seconds=arguments.time_limit,
        threads=arguments.threads,
        solver=arguments.solver,
        on_progress=_scenario_progress_printer(output) if arguments.progress else None,
    )
    comparison = _run_so_that_it_can_be_stopped(search)
    document = scenarios_to_document(comparison)
    output.write_file(arguments.output, document)
    output.print_answer(document, describe_scenarios(comparison))
    return DONE if comparison.as_set.clash is None else ANSWER_IS_NO


def _run_so_that_it_can_be_stopped[Found](search: Callable[[], Found]) -> Found:
    """Run the search in a thread of its own. HiGHS is a library, and while it searches the main thread
    would hear no signal; waiting, it hears them at once. The search itself then ends with the process.
    """
    found: Future[Found] = Future()

    def run() -> None:
        try:
            found.set_result(search())
        except BaseException as error:
            found.set_exception(error)

    Thread(target=run, name="search", daemon=True).start()
    return found.result()


def _progress_printer(output: Output) -> Callable[[Progress], None]:
    return lambda progress: output.print_progress(asdict(progress))


def _scenario_progress_printer(output: Output) -> Callable[[str, Progress], None]:
    return lambda scenario, progress: output.print_progress({"scenario": scenario, **asdict(progress)})


def _report_own_violations(verification: Verification, output: Output) -> None:
    """A plan of ours that the checker refuses is a defect, and never leaves the house."""
    first = verification.violations[0]
    count = len(verification.violations)
    output.report_failure(
        f"internal failure, please report it: verify refuses the plan that was found ({count} violations); "
        f"nothing was written. The first: {first.code}: {first.message}"
    )


def _verify(arguments: argparse.Namespace, output: Output) -> int:
    problem = load_problem(arguments.problem)
    verification = verify(problem, _load_plan(arguments.plan), problem_sha256(problem))
    output.print_answer(asdict(verification), describe_verification(verification))
    return DONE if verification.ok else ANSWER_IS_NO


def _explain(arguments: argparse.Namespace, output: Output) -> int:
    problem = load_problem(arguments.problem)
    plan = _load_plan(arguments.plan)
    if arguments.need is not None and arguments.need not in problem.need_by_id:
        raise InvalidFile([f"--need: {show_value(arguments.need)} is not declared in needs"])
    refuse_unwritable(arguments.output, inputs=(arguments.problem, arguments.plan))
    verification = verify(problem, plan, problem_sha256(problem))
    if not verification.ok:
        # Reasons drawn from a plan that breaks the rules would explain what cannot be.
        output.print_answer(asdict(verification), describe_verification(verification))
        return ANSWER_IS_NO
    explanation = explain(problem, plan, need=arguments.need, search=_change_search(arguments, problem, plan))
    document = explanation_to_document(explanation)
    output.write_file(arguments.output, document)
    output.print_answer(document, describe_explanation(explanation))
    return DONE


def _change_search(arguments: argparse.Namespace, problem: Problem, plan: Plan) -> ChangeSearch | None:
    """The search for what would help, where it is asked for or, if nothing is said, is soon done."""
    if arguments.changes is False or plan.clash is not None:
        return None
    around = RoundWithPlan(problem, plan)
    if arguments.changes is None and arguments.need is None and around.proof != "whole":
        return None
    needs = None if arguments.need is None else [arguments.need]
    return ChangeSearch(around, needs=needs, clock=Clock(arguments.time_limit))


def _diff(arguments: argparse.Namespace, output: Output) -> int:
    difference = diff_plans(_load_plan(arguments.old), _load_plan(arguments.new))
    output.print_answer(difference_to_document(difference), describe_difference(difference))
    return DONE


def _load_plan(path: str) -> Plan:
    """The plan in a file; its faults name the file, for two plans may be read by one command."""
    document = load_json(path)
    try:
        return read_plan(document)
    except InvalidFile as error:
        raise InvalidFile(f"{shown_name(path)}: {fault}" for fault in error.faults) from None


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m optimizer",
        description="Match training needs with offers: the exact plan for a problem file.",
        epilog="Exit status: 0 done, 1 the answer is no, 2 bad input, 3 stopped without any plan.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, sentence, files in (
        ("check", _check, "faults in the data, and pins that cannot hold together", ("problem",)),
        ("solve", _solve, "find the best plan", ("problem",)),
        ("verify", _verify, "check a plan independently of the solver", ("problem", "plan")),
        ("explain", _explain, "say why needs are met or unmet", ("problem", "plan")),
        ("diff", _diff, "compare two plans", ("old", "new")),
        ("scenarios", _scenarios, "compare the round's plans under several policies", ("problem",)),
    ):
        command = commands.add_parser(name, help=sentence, description=sentence, allow_abbrev=False)
        command.set_defaults(run=run)
        for file in files:
            command.add_argument(file, metavar=f"{file}.json")
        command.add_argument("--json", action="store_true", help="print one JSON document")
        if name == "solve":
            command.add_argument("-o", "--output", metavar="FILE", help="write the plan here")
            command.add_argument("--start", metavar="PLAN", help="a plan to begin the search from")
        if name == "scenarios":
            command.add_argument("-o", "--output", metavar="FILE", help="write the comparison here")
        if name in ("solve", "scenarios"):
            _add_search_options(command)
        if name == "explain":
            command.add_argument("--need", metavar="ID", help="explain this need alone")
            command.add_argument(
                "--changes",
                action=argparse.BooleanOptionalAction,
                help="look for what would help; unless said, only of one need or in a small round",
            )
            command.add_argument(
                "--time-limit",
                type=_read_seconds,
                default=EXPLAIN_SECONDS,
                metavar="SECONDS",
                help=f"look for changes so long; {EXPLAIN_SECONDS:.0f} unless given",
            )
            command.add_argument("-o", "--output", metavar="FILE", help="write the explanation here")
    return parser


def _add_search_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--time-limit", type=_read_seconds, metavar="SECONDS", help="stop after so long")
    command.add_argument("--threads", type=_read_threads, default=1, metavar="N", help="1 unless given")
    command.add_argument("--progress", action="store_true", help="one JSON line a step, on standard error")
    command.add_argument("--solver", choices=("highs", "cbc"), default="highs", help="highs unless given")


def _read_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"must be a number above 0 and at most {MAX_SECONDS}")
    return seconds


def _read_threads(text: str) -> int:
    threads = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= threads <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"must be a whole number between 1 and {MAX_THREADS}")
    return threads
