"""What the processes say while they run: one line of JSON an entry, on standard error.

An entry holds the moment in UTC, and of a request which part of the service was asked, from where and by whom
(a number), never its path or its values: an address may hold the code of an invitation, and a fault of the
database the values of a row.
"""

import logging
import time
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TextIO, cast

from flask import Flask, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lcm_service.services.throttle import source_of

log = logging.getLogger(__name__)

FIELDS = "{asctime}{levelname}{name}{message}{process}"
NAMES = {"asctime": "at", "levelname": "level", "name": "logger"}


def write_lines_of_json(stream: TextIO | None = None) -> None:
    """Have this process log by lines of JSON from now on, to standard error or to ``stream``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter())
    handler.addFilter(add_request)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def line_formatter() -> "Formatter":
    """What turns an entry into a line of JSON, its moment in UTC."""
    formatter = Formatter(FIELDS, "%Y-%m-%dT%H:%M:%SZ", style="{", rename_fields=NAMES)
    formatter.converter = time.gmtime
    return formatter


def add_request(record: logging.LogRecord) -> bool:
    """Add which request an entry is about, where there is one."""
    if has_request_context():
        record.endpoint = request.endpoint
        record.method = request.method
        record.source = source_of(request.remote_addr or "")
        record.person = person_asking()
    return True


def person_asking() -> int | None:
    """The number of the person who is known to ask, read from what is in memory already: the database may be
    what has failed.
    """
    if (caller := g.get("caller")) is not None:
        return cast(int | None, caller.person_id)
    state = inspect(g.get("_login_user"), raiseerr=False)
    return cast(int, state.identity[0]) if state is not None and state.identity else None


class Formatter(JsonFormatter):
    """Lines of JSON in which a fault of the database says what kind it is and where it happened, in whichever
    process, and not the driver's own words, which may quote a row.
    """

    def formatException(  # noqa: N802 - the name is that of `logging`
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The traceback; where the database is in it, of frames alone."""
        chain = list(_chain_of(ei[1]))
        of_database = [fault for fault in chain if isinstance(fault, SQLAlchemyError)]
        if not of_database:
            return str(super().formatException(ei))
        frames = [line for fault in reversed(chain) for line in traceback.format_tb(fault.__traceback__)]
        return "".join([*frames, *(f"A fault of the database: {kind_of(one)}\n" for one in of_database)])


def _chain_of(fault: BaseException | None) -> Iterator[BaseException]:
    """A fault and those in whose handling it came, the latest first."""
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def kind_of(fault: SQLAlchemyError) -> str:
    """The name and the number that the database gives to what went wrong; else what SQLAlchemy calls it,
    which quotes an earlier fault in the words of some of its own.
    """
    if not isinstance(fault, DBAPIError):
        return type(fault).__name__
    own = fault.orig
    number = getattr(own, "sqlstate", None) or getattr(own, "sqlite_errorname", None)
    return f"{type(own).__name__} {number or 'without a number'}"


class Service(Flask):
    """A Flask that logs a fault by the part of the service in which it happened, and not by its address."""

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log a fault that nobody expected."""
        log.error("A fault in %s", request.endpoint, exc_info=exc_info)
