"""What every test may ask for: a size, a database of each kind, a browser.

Here too is the law that no test is skipped in silence.

Nothing here imports the service: its own fixtures are in tests/service/conftest.py.
"""

import contextlib
import os
import shutil
import signal
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

SIZES = ("quick", "full")
ENGINES = ("sqlite", "postgresql")
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

# By the time that their longest files take.
LONGEST_FIRST = (
    "tests/service/jobs/",
    "tests/walk/",
    "tests/web/",
    "tests/browser/",
    "tests/bench/",
    "tests/optimizer/",
    "tests/service/",
)

# What a database itself has to keep: these tests run on both engines at every size.
ABOUT_THE_DATABASE = (
    "tests/persistence/",
    "tests/service/jobs/",
    "tests/service/test_audit.py",
    "tests/service/test_decisions_at_random.py",
    "tests/service/test_invitations_at_once.py",
    "tests/service/test_killed_at_commit.py",
    "tests/service/test_rounds_at_random.py",
    "tests/service/test_twenty_at_once.py",
    "tests/service/test_two_at_once.py",
)

# Quick runs try the same examples every time, so that a red build is about the change; full runs look
# further. Neither minds a slow machine.
settings.register_profile(
    "quick", max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=500, print_blob=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def size_of_this_run() -> str:
    """``quick`` or ``full``, as the variable LCM_SIZE says; quick where it says nothing."""
    size = os.environ.get("LCM_SIZE") or "quick"
    if size not in SIZES:
        raise pytest.UsageError(f"LCM_SIZE is {size!r}; it may be {' or '.join(SIZES)}.")
    return size


def pytest_configure() -> None:
    settings.load_profile(size_of_this_run())
    # A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process that
    # they start; some tests are about that signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the tests, the rooms that take long come first, so that all end at about the same
    time. A quick run of everything takes one engine a test.
    """
    if size_of_this_run() == "quick" and [Path(one).name for one in config.args] == ["tests"]:
        left = [item for item in items if not _is_left_to_the_other_engine(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(left)])
        items[:] = left
    if hasattr(config, "workerinput"):
        items.sort(key=_place_in_order)


def _is_left_to_the_other_engine(item: pytest.Item) -> bool:
    """Half of the tests that would run on both engines run on each, by their name, but for those about the
    database itself. `make prove`, and whoever names a room, runs all on both.
    """
    parameters = (
        item.callspec.params.values()
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else ()
    )
    engines = [one for one in parameters if isinstance(one, str) and one in ENGINES]
    if not engines or item.nodeid.startswith(ABOUT_THE_DATABASE):
        return False
    name = item.nodeid.replace(engines[0], "").encode()
    return ENGINES[zlib.crc32(name) % len(ENGINES)] != engines[0]


def _place_in_order(item: pytest.Item) -> int:
    rooms = [number for number, room in enumerate(LONGEST_FIRST) if item.nodeid.startswith(room)]
    return min(rooms, default=len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def size() -> str:
    """How large the made-up problems may be: ``quick`` in every build, ``full`` in ``make prove``."""
    return size_of_this_run()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a running PostgreSQL server; under pytest-xdist each worker has a server of its own."""
    try:
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(postgres.running_server())
    except postgres.PostgresUnavailable as unavailable:
        pytest.fail(str(unavailable), pytrace=False)


@pytest.fixture
def fresh_postgres_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """A function that creates an empty database and gives its URL; the databases are dropped after the test.

    ``fresh_postgres_database(template="name")`` copies that database instead.
    """
    with contextlib.ExitStack() as databases:

        def create(template: str | None = None) -> str:
            return databases.enter_context(postgres.fresh_database(postgres_url, template))

        yield create


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database. The test runs twice: on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lcm.sqlite3'}"
    # Asked for here and not as an argument, so that the tests on SQLite start no server.
    create: Callable[..., str] = request.getfixturevalue("fresh_postgres_database")
    return create()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's browser, for playwright's ``executable_path``; LCM_CHROMIUM names another one."""
    for name in filter(None, (os.environ.get("LCM_CHROMIUM"), *BROWSERS)):
        found = shutil.which(name)
        if found:
            return found
    pytest.fail(
        "No Chromium for the tests of the pages. Install one (Debian: apt-get install chromium).",
        pytrace=False,
    )


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What a skipped test says for itself; empty where it says nothing."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")
    reason = reason.removeprefix("Skipped").removeprefix(":").strip()
    # pytest's own words where nobody gave a reason.
    return "" if reason in {"unconditional skip", "<Skipped instance>"} else reason


def _skipped_reports(config: pytest.Config) -> list[pytest.TestReport | pytest.CollectReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter else []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that is skipped without a reason fails the run."""
    # Under pytest-xdist the workers send their reports to the first process, which judges them all.
    if hasattr(session.config, "workerinput"):
        return
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and any(
        not skip_reason(report) for report in _skipped_reports(session.config)
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped_reports(config)
    terminalreporter.write_line(f"Skipped tests: {len(skipped)}")
    for report in skipped:
        if not skip_reason(report):
            terminalreporter.write_line(f"FAILED {report.nodeid}: skipped without a reason", red=True)
