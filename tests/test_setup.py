"""The ground that the other tests stand on: the set-up, the pins, the two databases, and no silent skip."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
SET_UP = ROOT / "tools" / "setup.sh"
BASH = shutil.which("bash")
LOCKS = ["requirements", "requirements-dev", "tools/uv"]


# --- Python ---


def find_python(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Look for a Python on a machine where the only programs are those in `folder`."""
    assert BASH
    rest = {name: value for name, value in os.environ.items() if name not in {"PYENV_ROOT", "LCM_PYTHON"}}
    return subprocess.run(
        [BASH, str(SET_UP), "find-python"],
        env=rest | {"PATH": str(folder), "HOME": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{BASH}\n{text}\n")
    path.chmod(0o755)
    return path


def write_python(path: Path) -> Path:
    """A program that passes everything on to the Python that runs these tests."""
    return write_program(path, f'exec "{sys.executable}" "$@"')


def base_python() -> str:
    return getattr(sys, "_base_executable", None) or sys.executable


@pytest.mark.parametrize("name", ["python3.13", "python3.12", "python3.14", "python3", "python"])
def test_a_python_on_the_path_is_found_by_any_of_its_names(tmp_path, name):
    write_python(tmp_path / name)
    answer = find_python(tmp_path)
    assert (answer.returncode, answer.stdout.strip()) == (0, base_python())


def test_a_shim_that_does_not_run_is_passed_over(tmp_path):
    write_program(tmp_path / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    write_python(tmp_path / "python3")
    assert find_python(tmp_path).stdout.strip() == base_python()


def test_a_python_of_pyenv_is_found_though_it_is_not_on_the_path(tmp_path):
    write_python(tmp_path / "pyenv/versions/3.13.0/bin/python")
    assert find_python(tmp_path, PYENV_ROOT=str(tmp_path / "pyenv")).stdout.strip() == base_python()


def test_a_python_that_cannot_make_environments_is_passed_over(tmp_path):
    """Debian's Python without python3-venv: the version is right, and ensurepip is missing."""
    write_program(
        tmp_path / "python3.13",
        f'shift 2; exec "{sys.executable}" -I -c "import sys; sys.modules[\'ensurepip\'] = None; $1"',
    )
    answer = find_python(tmp_path)
    if answer.returncode == 0:
        # A real Python in /usr/local or /opt of this machine was found instead.
        assert answer.stdout.strip() != base_python()
    else:
        assert "python3-venv" in answer.stderr


def test_without_a_python_the_set_up_says_what_to_install(tmp_path):
    write_program(tmp_path / "python3", "exit 1")
    answer = find_python(tmp_path)
    if answer.returncode == 0:
        assert answer.stdout.startswith(("/usr/local", "/opt"))
    else:
        assert answer.returncode == 1
        assert "apt-get install python3 python3-venv" in answer.stderr


def test_a_named_python_that_will_not_do_is_refused_and_not_replaced(tmp_path):
    write_python(tmp_path / "python3")
    answer = find_python(tmp_path, LCM_PYTHON="/nowhere/python")
    assert answer.returncode == 1
    assert "/nowhere/python" in answer.stderr


def test_a_second_set_up_does_nothing_and_is_quick():
    if not (ROOT / ".venv" / ".lcm-dev").exists():
        pytest.skip("these tests run in an environment that tools/setup.sh did not make")
    started = time.monotonic()
    answer = subprocess.run([str(SET_UP), "dev"], capture_output=True, text=True, check=True)
    assert answer.stdout == ""
    assert time.monotonic() - started < 5


# --- Pins ---


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_exact_and_carries_its_hashes(name):
    entries = re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text())
    pins = [entry for entry in entries if not entry.startswith("#")]
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_asked_for_is_pinned(name):
    def names(path: Path, pattern: str) -> set[str]:
        return {found.lower().replace("_", "-") for found in re.findall(pattern, path.read_text(), re.M)}

    asked_for = names(ROOT / f"{name}.in", r"^([A-Za-z][\w.-]*)")
    pinned = names(ROOT / f"{name}.txt", r"^([A-Za-z][\w.-]*)==")
    assert asked_for
    assert asked_for - pinned == set()


def test_the_pins_of_the_tests_agree_with_those_of_the_service():
    def versions(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.M))

    service, tests = versions("requirements.txt"), versions("requirements-dev.txt")
    assert {name: tests[name] for name in tests if service.get(name, tests[name]) != tests[name]} == {}


def test_the_locks_were_written_by_make_lock():
    date = re.search(r"^LOCK_DATE = (\S+)", (ROOT / "Makefile").read_text(), re.M)
    assert date
    for name in LOCKS:
        header = (ROOT / f"{name}.txt").read_text().split("\n", 2)[1]
        assert f"--exclude-newer {date[1]} {name}.in -o {name}.txt" in header


def test_no_lock_names_an_index_or_a_folder_of_one_machine():
    for name in LOCKS:
        text = (ROOT / f"{name}.txt").read_text()
        assert re.findall(r"https?://\S+|file:\S+|--(?:extra-)?index-url|--find-links", text) == []


def test_every_package_of_the_locks_is_in_the_table_of_licences():
    table = (ROOT / "docs" / "licences.md").read_text()
    for name in LOCKS:
        for package, version in re.findall(
            r"^([\w.-]+)==([^\s;]+)", (ROOT / f"{name}.txt").read_text(), re.M
        ):
            assert f"| {package} | {version} |" in table, f"{package} {version}: run `make lock`"


@pytest.mark.parametrize("solver", ["HiGHS", "COIN_CMD"])
def test_pulp_solves_with_each_of_its_two_solvers(solver):
    import cbcbox
    import pulp

    problem = pulp.LpProblem("seats", pulp.LpMaximize)
    seats = problem.add_variable("seats", 0, 10, cat="Integer")
    problem.setObjective(seats)
    problem.addConstraint(3 * seats <= 20)
    arguments: dict[str, bool | str] = {"msg": False}
    if solver == "COIN_CMD":
        arguments["path"] = str(cbcbox.cbc_bin_path())
    problem.solve(pulp.getSolver(solver, **arguments))
    assert seats.value() == 6


# --- Databases ---


def test_a_fresh_database_is_empty_and_can_be_written(database_url):
    engine = sqlalchemy.create_engine(database_url)
    try:
        assert sqlalchemy.inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE need (title TEXT)"))
            connection.execute(sqlalchemy.text("INSERT INTO need VALUES ('Formação médica')"))
            assert connection.scalar(sqlalchemy.text("SELECT title FROM need")) == "Formação médica"
    finally:
        engine.dispose()


def test_a_fresh_database_is_gone_after_its_block(postgres_url):
    with postgres.fresh_database(postgres_url) as url:
        name = sqlalchemy.make_url(url).database
    engine = sqlalchemy.create_engine(postgres_url)
    try:
        with engine.connect() as connection:
            names = connection.scalars(sqlalchemy.text("SELECT datname FROM pg_database")).all()
    finally:
        engine.dispose()
    assert name not in names


def test_a_fresh_database_can_be_a_copy_of_another(fresh_postgres_database):
    original = fresh_postgres_database()
    engine = sqlalchemy.create_engine(original)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE need (title TEXT)"))
    engine.dispose()
    copy = sqlalchemy.create_engine(fresh_postgres_database(sqlalchemy.make_url(original).database))
    assert sqlalchemy.inspect(copy).get_table_names() == ["need"]
    copy.dispose()


def test_without_the_systems_postgresql_that_of_the_python_package_is_used(monkeypatch):
    monkeypatch.delenv("LCM_TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "_folders_of_the_system", lambda: iter(()))
    with postgres.running_server() as url, postgres.fresh_database(url) as database:
        engine = sqlalchemy.create_engine(database)
        with engine.connect() as connection:
            assert "PostgreSQL" in connection.scalar(sqlalchemy.text("SELECT version()"))
        engine.dispose()


def test_without_any_postgresql_the_run_fails_and_says_what_to_install(monkeypatch):
    monkeypatch.delenv("LCM_TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "_folders_of_the_system", lambda: iter(()))
    monkeypatch.setattr(postgres, "_folders_of_the_package", lambda: iter(()))
    with (
        pytest.raises(postgres.PostgresUnavailable, match="apt-get install postgresql"),
        postgres.running_server(),
    ):
        pass


def test_a_server_left_by_a_killed_run_is_stopped_by_the_next(tmp_path, monkeypatch):
    monkeypatch.delenv("LCM_TEST_DATABASE_URL", raising=False)
    program = """
import time
from tests.postgres import running_server
with running_server() as url:
    print(url, flush=True)
    time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert killed.stdout
    url = sqlalchemy.make_url(killed.stdout.readline().strip())
    killed.kill()
    killed.wait()
    killed.stdout.close()
    folder = Path(str(url.query["host"]))
    server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert (Path("/proc") / str(server)).exists() or sys.platform != "linux"
    postgres._sweep_dead_servers()
    assert not folder.exists()
    assert not postgres._is_alive(server)


# --- Skips ---


def run_with_our_conftest(
    folder: Path, tests: str, *arguments: str, size: str = "quick"
) -> subprocess.CompletedProcess[str]:
    """Run pytest on other tests in an empty folder, under the settings and the conftest of this project."""
    (folder / "tests").mkdir()
    for name in ("pyproject.toml", "tests/conftest.py", "tests/postgres.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "tests" / "test_one.py").write_text(f"import pytest\n\n{tests}")
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    environment = {**os.environ, "LCM_SIZE": size}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_skips_without_a_reason_fail_the_run(tmp_path, workers):
    tests = """
def test_that_passes(): pass

@pytest.mark.skip
def test_marked(): pass

@pytest.mark.skip(reason="")
def test_with_an_empty_reason(): pass

def test_from_within(): pytest.skip()

@pytest.mark.skip(reason="no such device here")
def test_with_a_reason(): pass
"""
    answer = run_with_our_conftest(tmp_path, tests, "-n", workers)
    assert answer.returncode == 1, answer.stdout
    assert "Skipped tests: 4" in answer.stdout
    blamed = re.findall(r"::(\w+): skipped without a reason", answer.stdout)
    assert sorted(blamed) == ["test_from_within", "test_marked", "test_with_an_empty_reason"]


def test_skips_with_a_reason_are_counted_and_pass(tmp_path):
    tests = """
def test_that_passes(): pass

@pytest.mark.skipif(True, reason="no such device here")
def test_marked(): pass

def test_from_within(): pytest.skip("no such device here")
"""
    answer = run_with_our_conftest(tmp_path, tests, "-n", "0")
    assert answer.returncode == 0, answer.stdout
    assert "Skipped tests: 2" in answer.stdout
    assert "1 passed, 2 skipped" in answer.stdout


# --- Engines ---

ON_BOTH_ENGINES = """
@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_one(engine, number): print(engine, number)

def test_without_an_engine(): print("alone")
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_quick_run_of_everything_takes_each_test_on_one_engine(tmp_path, workers):
    answer = run_with_our_conftest(tmp_path, ON_BOTH_ENGINES, "-v", "-rP", "-n", workers)
    assert answer.returncode == 0, answer.stdout
    ran = re.findall(r"^(sqlite|postgresql) (\d+)$", answer.stdout, re.M)
    assert sorted(int(number) for _, number in ran) == list(range(20))
    assert {engine for engine, _ in ran} == {"sqlite", "postgresql"}
    assert "alone" in answer.stdout


@pytest.mark.parametrize(("arguments", "size"), [(["tests/test_one.py"], "quick"), ([], "full")])
def test_a_room_that_is_named_and_a_full_run_take_both(tmp_path, arguments, size):
    answer = run_with_our_conftest(tmp_path, ON_BOTH_ENGINES, *arguments, "-n", "0", size=size)
    assert "41 passed" in answer.stdout


def test_the_size_of_a_run_is_quick_or_full(size):
    assert size in ("quick", "full")
