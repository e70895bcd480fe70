"""Questions to an identity provider over HTTP: bounded in time and in size, and led nowhere else.

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
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# For each step of the line, and from the first byte to the last: one that drips is cut off.
LONGEST_SILENCE_SECONDS: Final = 5.0
LONGEST_ANSWER_SECONDS: Final = 10.0
# Descriptions and sets of keys have a few thousand bytes, those of large providers some ten thousand.
LARGEST_ANSWER_BYTES: Final = 500_000
LONGEST_REASON: Final = 200


class ProviderFault(Exception):
    """The provider did not answer, or not as it must. The reason is for the operator's log alone."""


def ask_json(
    address: str, *, form: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[HTTPStatus, dict[str, Any]]:
    """The status and the JSON object with which an address answers, a form being posted where one is given.

    Raises ProviderFault where nothing comes, too much, too late, something else, or an answer that leads on
    to another address.
    """
    status, content = _ask(urlsplit(address), form, {"Accept": "application/json"} | dict(headers or {}))
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
    """Whether an address may be asked or given to a browser: by TLS, or ``with_this_machine`` on it."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    is_local = with_this_machine and parts.scheme == "http" and host in THIS_MACHINE
    has_more = parts.username is not None or parts.password is not None or "#" in address
    return bool(host) and not has_more and (parts.scheme == "https" or is_local)


def _ask(parts: SplitResult, form: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    host, context = parts.hostname or "", None
    connection = HTTPConnection(host, parts.port)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = HTTPSConnection(host, parts.port, context=context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    was_cut_off = threading.Event()
    try:
        with _line_to(host, connection.port, context, was_cut_off) as line:
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
    host: str, port: int, context: ssl.SSLContext | None, was_cut_off: threading.Event
) -> Iterator[socket.socket]:
    """A connection that is cut off, from another thread, when the answer has taken too long."""
    line = socket.create_connection((host, port), LONGEST_SILENCE_SECONDS)
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

    timer = threading.Timer(LONGEST_ANSWER_SECONDS, cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield line
    finally:
        timer.cancel()
        line.close()
