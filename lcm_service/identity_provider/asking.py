"""Questions to an identity provider over HTTP: bounded in time and in size, and led nowhere else.

The time runs from the connecting of one question to its last byte, and over all questions of one turn; the
look-up of a name, which the system bounds for itself, counts in it but cannot be broken off. So few ask at
once, and a provider or a name server that hangs holds few threads of this process.

The standard library's client follows no redirect, unpacks nothing, and takes neither a proxy nor a password
from the environment; a larger one would have to be kept from each of these.
"""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from time import monotonic
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# For each step of the line; for a whole question: one that drips is cut off; and for all those of a turn.
LONGEST_SILENCE_SECONDS: Final = 5.0
LONGEST_ANSWER_SECONDS: Final = 10.0
LONGEST_TURN_SECONDS: Final = 15.0
MOST_ASKERS: Final = 2
# Descriptions and sets of keys have a few thousand bytes, those of large providers some ten thousand.
LARGEST_ANSWER_BYTES: Final = 500_000
LONGEST_REASON: Final = 200

_turns: Final = threading.BoundedSemaphore(MOST_ASKERS)


class ProviderFault(Exception):
    """The provider did not answer, or not as it must. The reason is for the operator's log alone."""


class TooManyAsk(ProviderFault):
    """The provider was not asked: as many as may are asking it now."""


@contextmanager
def turn() -> Iterator[float]:
    """Ask as one of few in this process; gives the moment (monotonic) until which all must be answered.

    Raises TooManyAsk at once where there is no turn left: whoever waited would hold a thread too.
    """
    if not _turns.acquire(blocking=False):
        raise TooManyAsk(f"{MOST_ASKERS} are asking it already")
    try:
        yield monotonic() + LONGEST_TURN_SECONDS
    finally:
        _turns.release()


def ask_json(
    address: str, until: float, *, form: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[HTTPStatus, dict[str, Any]]:
    """The status and the JSON object with which an address answers, a form being posted where one is given;
    ``until`` is that of the `turn`.

    Raises ProviderFault where nothing comes, too much, too late, something else, or an answer that leads on
    to another address.
    """
    deadline = min(until, monotonic() + LONGEST_ANSWER_SECONDS)
    all_headers = {"Accept": "application/json"} | dict(headers or {})
    status, content = _ask(urlsplit(address), form, all_headers, deadline)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise ProviderFault(f"{address} leads on to another address ({status}), which is not followed")
    if len(content) > LARGEST_ANSWER_BYTES:
        raise ProviderFault(f"{address} answers with more than {LARGEST_ANSWER_BYTES} bytes")
    try:
        document = json.loads(content)
        known_status = HTTPStatus(status)
    except (ValueError, RecursionError) as error:
        raise ProviderFault(f"{address} answers with no JSON ({status})") from error
    if not isinstance(document, dict):
        raise ProviderFault(f"{address} answers with no JSON object ({status})")
    return known_status, document


def is_safe(address: object, *, with_this_machine: bool) -> bool:
    """Whether an address may be asked or given to a browser: by TLS, or ``with_this_machine`` on it.

    Elsewhere a host has a name: numbers are those of machines inside, which no provider may have us ask.
    """
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or "#" in address:
        return False
    if with_this_machine and host in THIS_MACHINE:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and not _is_inside(host)


def _is_inside(host: str) -> bool:
    """Whether a host is this machine, or written as a number in any way that is read as one (``127.1``)."""
    plain = host.removesuffix(".")
    try:
        ip_address(plain)
    except ValueError:
        last = plain.rpartition(".")[2]
        is_number = last.isdecimal() or last.startswith("0x")
        return is_number or plain == "localhost" or plain.endswith(".localhost")
    return True


def _ask(
    parts: SplitResult, form: str | None, headers: Mapping[str, str], deadline: float
) -> tuple[int, bytes]:
    host, context = parts.hostname or "", None
    is_secure = parts.scheme == "https"
    # The port is always said: the client would look for one in the last group of an IPv6 address.
    port = parts.port or (HTTPSConnection if is_secure else HTTPConnection).default_port
    connection = HTTPConnection(host, port)
    if is_secure:
        context = ssl.create_default_context()
        connection = HTTPSConnection(host, port, context=context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    was_cut_off = threading.Event()
    try:
        with _line_to(host, port, context, deadline, was_cut_off) as line:
            connection.sock = line
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
            body = None if form is None else form.encode("ascii")
            connection.request("GET" if form is None else "POST", path, body, dict(headers))
            response = connection.getresponse()
            # One byte more than there may be, to know that there is more.
            content = response.read(LARGEST_ANSWER_BYTES + 1)
            response.close()
    except (OSError, HTTPException, ValueError) as error:
        # ValueError: a path or a header that cannot be sent, and an answer that the client cannot read.
        fault = "took too long" if was_cut_off.is_set() else f"{type(error).__name__}: {error}"
        raise ProviderFault(f"{host} does not answer: {fault[:LONGEST_REASON]}") from error
    finally:
        connection.close()
    if was_cut_off.is_set():
        # What came until then may look whole.
        raise ProviderFault(f"{host} does not answer: took too long")
    return response.status, content


@contextmanager
def _line_to(
    host: str, port: int, context: ssl.SSLContext | None, deadline: float, was_cut_off: threading.Event
) -> Iterator[socket.socket]:
    """A connection that is cut off, from another thread, when the answer has taken too long."""
    line = _connect(host, port, deadline)
    if context is not None:
        line = context.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)

    def cut_off() -> None:
        was_cut_off.set()
        try:
            # Not the method of a secure socket, which would let the reader go on without TLS.
            socket.socket.shutdown(line, socket.SHUT_RDWR)
        except OSError:
            # The other side was quicker.
            return

    timer = threading.Timer(max(0.0, deadline - monotonic()), cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield line
    finally:
        timer.cancel()
        line.close()


def _connect(host: str, port: int, deadline: float) -> socket.socket:
    """A connection to the first address of the host that answers in what is left of the time.

    Raises OSError. The standard library's own function would wait anew for each address.
    """
    fault: OSError = OSError("there is no address of it")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError("took too long")
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(min(left, LONGEST_SILENCE_SECONDS))
            line.connect(address)
        except OSError as error:
            line.close()
            fault = error
        else:
            line.settimeout(LONGEST_SILENCE_SECONDS)
            return line
    raise fault
