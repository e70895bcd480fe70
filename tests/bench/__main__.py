"""Measure the optimizer beside its competitors: `python -m tests.bench [--sizes S,M] [--ways plain,cp_sat]`.

Without a mode, every way solves every round, each run in a process of its own, and a table in Markdown is
printed for each shape and size. `--growth` does so over growing rounds and draws what that costs; `--rooms`
measures reading, finding pairs, building, hand-over and verify alone; `--trace` draws value and bound over
the time of one run. Everything measured is written to a JSON file as well.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from tests.bench.comparison import cases_in_turns, measure_cases
from tests.bench.growth import GROWTH_SIZES, draw_growth, growth_cases, growth_table
from tests.bench.measure import Case, counts_of
from tests.bench.rooms import measure_rooms, rooms_table
from tests.bench.shapes import SHAPES
from tests.bench.tables import table_of
from tests.bench.trace import draw_trace
from tests.bench.ways import WAYS

DOCS_PICTURES = Path("docs/pictures")
BUILT_PICTURES = Path("build/pictures")


def names_of(known: dict[str, object]) -> Callable[[str], list[str]]:
    """Return a reader of lists of known names."""

    def read(text: str) -> list[str]:
        names = list(dict.fromkeys(text.split(",")))
        if not set(names) <= known.keys():
            raise argparse.ArgumentTypeError(f"{text} is not among {', '.join(known)}")
        return names

    return read


def sizes(text: str) -> list[str]:
    names = text.split(",")
    try:
        for name in names:
            counts_of(name)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not S, M, L, XL, 2000 or 300x400") from None
    return names


def whole_numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n")[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--growth", action="store_true", help="what growing rounds cost, with a picture")
    mode.add_argument("--rooms", action="store_true", help="what each room costs alone")
    mode.add_argument("--trace", action="store_true", help="value and bound over the time of one run")
    parser.add_argument("--sizes", type=sizes, help="S, M, L, XL, 2000 or 300x400; S,M where not said")
    parser.add_argument("--shapes", type=names_of(dict(SHAPES)), default=["mixed"], help=", ".join(SHAPES))
    parser.add_argument("--ways", type=names_of(dict(WAYS)), default=list(WAYS), help=", ".join(WAYS))
    parser.add_argument("--seeds", type=whole_numbers, help="seeds of the generator; 1,2,3 where not said")
    parser.add_argument(
        "--seconds", type=float, help="limit of each run; S 60, M 120, L 300, XL 900, else 120"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of each run; 1")
    parser.add_argument("--most-mib", type=float, default=16_000, help="memory of a run in MiB; 16000")
    parser.add_argument("--output", type=Path, help="build/bench.json; build/bench-growth.json and the like")
    parser.add_argument("--docs", action="store_true", help="put pictures in docs/pictures, not in build")
    return parser.parse_args(arguments)


def compare(arguments: argparse.Namespace, print_line: Callable[[str], None]) -> None:
    chosen = arguments.sizes or ["S", "M"]
    limits = {"threads": arguments.threads, "most_mib": arguments.most_mib}
    cases = cases_in_turns(
        arguments.shapes, chosen, arguments.seeds or [1, 2, 3], arguments.ways, arguments.seconds, **limits
    )
    runs = measure_cases(list(cases), arguments.output or Path("build/bench.json"))
    for size in chosen:
        for shape in arguments.shapes:
            print_line(table_of(shape, size, runs) + "\n")


def grow(arguments: argparse.Namespace, print_line: Callable[[str], None]) -> None:
    limits = {"threads": arguments.threads, "most_mib": arguments.most_mib}
    chosen = arguments.sizes or list(GROWTH_SIZES)
    for shape in arguments.shapes:
        cases = growth_cases(
            shape, chosen, arguments.seeds or [1], arguments.ways, arguments.seconds, **limits
        )
        runs = measure_cases(cases, arguments.output or Path(f"build/bench-growth-{shape}.json"))
        print_line(growth_table(runs) + "\n")
        print_line(str(draw_growth(runs, picture_path(arguments, f"growth-{shape}.png"))))


def trace(arguments: argparse.Namespace, print_line: Callable[[str], None]) -> None:
    size, seed = (arguments.sizes or ["M"])[0], (arguments.seeds or [1])[0]
    for shape in arguments.shapes:
        limits = {"threads": arguments.threads, "most_mib": arguments.most_mib}
        case = Case(size, seed, "optimizer", arguments.seconds or 120.0, shape, **limits)
        runs = measure_cases([case], arguments.output or Path(f"build/bench-trace-{shape}.json"))
        print_line(table_of(shape, size, runs) + "\n")
        print_line(str(draw_trace(runs[0], picture_path(arguments, f"value-and-bound-{shape}-{size}.png"))))


def measure_alone(arguments: argparse.Namespace, print_line: Callable[[str], None]) -> None:
    chosen = arguments.sizes or ["M", "L", "XL"]
    output = arguments.output or Path("build/bench-rooms.json")
    found = measure_rooms(arguments.shapes, chosen, arguments.seeds or [1], arguments.most_mib, output)
    print_line(rooms_table(found))


def picture_path(arguments: argparse.Namespace, name: str) -> Path:
    folder = DOCS_PICTURES if arguments.docs else BUILT_PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def main(arguments: list[str] | None = None, print_line: Callable[[str], None] = print) -> None:
    asked = parse_arguments(arguments)
    if asked.growth:
        grow(asked, print_line)
    elif asked.rooms:
        measure_alone(asked, print_line)
    elif asked.trace:
        trace(asked, print_line)
    else:
        compare(asked, print_line)


if __name__ == "__main__":
    main()
