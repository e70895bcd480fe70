"""Every setting, with its default and what it means. The environment is read here and nowhere else."""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from lcm_service.domain.sign_in_terms import LONGEST_SIGN_IN
from lcm_service.identity_provider.asking import is_safe
from lcm_service.identity_provider.provider import IdentityProvider
from lcm_service.mail.smtp import Postbox

SHORTEST_SECRET = 32
# As much as a link keeps of it.
LONGEST_ISSUER = 500
# The kinds of database that the tests run on.
DATABASES = ("postgresql", "sqlite")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """Settings of one running service. An environment variable ``LCM_<NAME>`` sets each of them.

    ``secret_key`` has no default: without one the service refuses to start, except in demonstration mode,
    where one is made once and kept beside the embedded database.
    """

    #: SQLAlchemy URL. Empty: an embedded SQLite file in `data_folder`.
    database_url: str = ""
    #: False only where nobody else is on the way to a PostgreSQL server on another machine.
    database_tls: bool = True
    #: Where the embedded database and generated secrets live.
    data_folder: str = "instance"
    #: Signs sessions and forms, and seals the secrets of second factors.
    secret_key: str = ""
    #: Secret keys from before, parted by commas: what was signed and sealed with them can still be read.
    former_secret_keys: str = ""
    #: True for `make run`: demonstration accounts exist and every page says so.
    demonstration: bool = False
    #: "highs" or "cbc".
    solver: str = "highs"
    #: Longest time that a run may solve, in seconds.
    solve_seconds: int = 120
    #: Threads of a run; a large round uses them, a small one is solved the same with any number.
    solve_threads: int = 2
    #: How long a worker holds a run without a sign of life before another may take it, in seconds.
    lease_seconds: int = 15
    #: False where workers run apart from the web server.
    embedded_worker: bool = True
    #: False only where the service is reached without TLS, as on one's own machine.
    secure_cookies: bool = True
    #: How many proxies of one's own stand before the service and name the real address and scheme.
    proxies: int = 0
    #: Signs the chain of audit events: 64 hex digits, kept by the workers alone. Empty: nothing is signed.
    audit_key: str = ""
    #: The file outside the database to which each seal is added. Empty: `audit_seals.jsonl` in `data_folder`.
    audit_seals_file: str = ""
    #: Where readers reach the service, for the links in mails: https://...
    address: str = ""
    #: The mail server that takes what is sent. Empty: no mail is sent.
    smtp_host: str = ""
    smtp_port: int = 587
    #: As whom the service signs in there; empty: not at all.
    smtp_user: str = ""
    smtp_password: str = ""
    #: False only for a mail server on the same machine.
    smtp_tls: bool = True
    #: The address from which mails come.
    mail_sender: str = ""
    #: The identity provider by which people may sign in (OpenID Connect). All four, or none of them.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    #: What the button says: Sign in with ...
    oidc_name: str = ""
    #: The words of `amr` and `acr`, parted by commas, by which the provider says that a second factor was
    #: shown. Empty: its word is not taken for it, and the second step is asked for here.
    oidc_second_factor_amr: str = ""
    #: Largest request that is read, in bytes.
    max_request_bytes: int = 2_000_000
    #: How many requests one caller may make a minute; ten times as many one place. 0: no limit.
    requests_a_minute: int = 600
    #: Where they are counted, as `limits` names it: for each process apart, or in one Redis for all.
    limits_storage: str = "memory://"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``LCM_*``; raises ValueError with the name of a variable that cannot be understood."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            name = f"LCM_{field.name.upper()}"
            if name in environment:
                values[field.name] = _read(name, environment[name], type(field.default))
        return cls(**values)

    def read_database_url(self) -> str:
        """Where the database is. Raises ValueError where one on another machine would be spoken to in the
        clear, or without asking whether it is the right one: needs would go that way.
        """
        if not self.database_url:
            return f"sqlite:///{Path(self.data_folder).resolve() / 'lcm.sqlite3'}"
        try:
            url = make_url(self.database_url)
        except ArgumentError as error:
            raise ValueError("LCM_DATABASE_URL cannot be read; write postgresql+psycopg://...") from error
        if url.get_backend_name() not in DATABASES:
            raise ValueError(
                "LCM_DATABASE_URL must name PostgreSQL or SQLite; the service keeps to these two."
            )
        if (
            url.get_backend_name() == "postgresql"
            and _is_far(url)
            and self.database_tls
            and url.query.get("sslmode") != "verify-full"
        ):
            raise ValueError(
                "LCM_DATABASE_URL must end with ?sslmode=verify-full&sslrootcert=... for a server on another "
                "machine; set LCM_DATABASE_TLS=0 only where nobody else is on the way to it."
            )
        return self.database_url

    def read_secret_key(self) -> str:
        """The secret; for demonstrations made once and kept in ``data_folder``. Raises ValueError."""
        if self.secret_key:
            if len(self.secret_key) < SHORTEST_SECRET:
                raise ValueError(f"LCM_SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
            return self.secret_key
        if not self.demonstration:
            raise ValueError(
                "Set LCM_SECRET_KEY. Make one: python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return _kept_secret(Path(self.data_folder) / "secret_key")

    def read_former_secret_keys(self) -> list[str]:
        """The secrets from before, the latest first. Raises ValueError."""
        keys = [key.strip() for key in self.former_secret_keys.split(",") if key.strip()]
        if any(len(key) < SHORTEST_SECRET for key in keys):
            raise ValueError(
                f"Each of LCM_FORMER_SECRET_KEYS must have at least {SHORTEST_SECRET} characters."
            )
        return keys

    def read_audit_key(self) -> bytes | None:
        """The key that signs the chain of events, where there is one; for demonstrations made once and kept
        in ``data_folder``. Raises ValueError.
        """
        text = self.audit_key
        if not text and self.demonstration:
            text = _kept_secret(Path(self.data_folder) / "audit_key")
        if not text:
            return None
        if not re.fullmatch("[0-9a-f]{64}", text):
            raise ValueError(
                "LCM_AUDIT_KEY must be 64 hex digits. "
                "Make one: python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return bytes.fromhex(text)

    def read_address(self) -> str:
        """Where readers reach the service; empty where nobody has said. Raises ValueError."""
        is_local = re.fullmatch(r"http://(localhost|127\.0\.0\.1)(:\d+)?(/\S*)?", self.address)
        if self.address and not is_local and not re.fullmatch(r"https://[^\s/]+(/\S*)?", self.address):
            raise ValueError("LCM_ADDRESS must be where readers reach the service: https://...")
        return self.address.rstrip("/")

    def read_postbox(self) -> Postbox | None:
        """Where mail is handed in, where that is set. Raises ValueError for half a setting."""
        if not self.smtp_host:
            return None
        if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", self.mail_sender):
            raise ValueError("LCM_MAIL_SENDER must be the address from which mails come.")
        if not self.address:
            raise ValueError("LCM_ADDRESS must be where readers reach the service: https://...")
        if not self.smtp_tls and self.smtp_host not in THIS_MACHINE:
            raise ValueError("LCM_SMTP_TLS=0 is for a mail server on the same machine alone.")
        return Postbox(
            self.smtp_host,
            self.smtp_port,
            self.mail_sender,
            self.smtp_user,
            self.smtp_password,
            self.smtp_tls,
        )

    def read_identity_provider(self) -> IdentityProvider | None:
        """By whom people may sign in, where that is set. Raises ValueError for half a setting."""
        parts = {
            "LCM_OIDC_ISSUER": self.oidc_issuer,
            "LCM_OIDC_CLIENT_ID": self.oidc_client_id,
            "LCM_OIDC_CLIENT_SECRET": self.oidc_client_secret,
            "LCM_OIDC_NAME": self.oidc_name,
        }
        if not any(parts.values()) and not self.oidc_second_factor_amr:
            return None
        missing = [name for name, text in parts.items() if not text]
        if missing:
            raise ValueError(f"Single sign-on is half set. Set {', '.join(missing)} too, or no LCM_OIDC_*.")
        for name, text in parts.items():
            if not text.isprintable() or (name != "LCM_OIDC_NAME" and not text.isascii()):
                raise ValueError(f"{name} holds signs that cannot stand there.")
        # Without TLS anyone on the way could say who signs in.
        if not is_safe(self.oidc_issuer, with_this_machine=self.demonstration) or "?" in self.oidc_issuer:
            raise ValueError(
                "LCM_OIDC_ISSUER must be the address of the provider, as it writes it: https://..."
            )
        if len(self.oidc_issuer) > LONGEST_ISSUER:
            raise ValueError(f"LCM_OIDC_ISSUER has more than {LONGEST_ISSUER} characters.")
        if not self.address:
            raise ValueError("LCM_ADDRESS must be where the provider sends people back to: https://...")
        words = frozenset(word.strip() for word in self.oidc_second_factor_amr.split(",")) - {""}
        return IdentityProvider(
            self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret, self.oidc_name, words
        )

    def audit_seals_path(self) -> Path:
        """Where the seals are kept outside the database."""
        return Path(self.audit_seals_file or Path(self.data_folder) / "audit_seals.jsonl")

    def flask_config(self) -> dict[str, Any]:
        """The same settings under the names that Flask and its extensions read."""
        url = self.read_database_url()
        if self.proxies < 0:
            raise ValueError("LCM_PROXIES must be 0 or the number of proxies, not less.")
        if self.requests_a_minute < 0:
            raise ValueError("LCM_REQUESTS_A_MINUTE must be a number of requests, or 0 for no limit.")
        return {
            "SETTINGS": self,
            "SECRET_KEY": self.read_secret_key(),
            "SECRET_KEY_FALLBACKS": self.read_former_secret_keys(),
            "SQLALCHEMY_DATABASE_URI": url,
            # A fault of the database is logged without the values, which may be somebody's.
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
            "MAX_CONTENT_LENGTH": self.max_request_bytes,
            # The prefix has browsers refuse such a cookie from anyone but this host, by TLS.
            "SESSION_COOKIE_NAME": "__Host-session" if self.secure_cookies else "session",
            "SESSION_COOKIE_SECURE": self.secure_cookies,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": LONGEST_SIGN_IN,
            "REMEMBER_COOKIE_SECURE": self.secure_cookies,
            "REMEMBER_COOKIE_HTTPONLY": True,
            "WTF_CSRF_TIME_LIMIT": None,
            # Pages and tables of figures, for slow lines. Answers of the API go as they are: the version that
            # they name, which is sent back with a change, must not depend on how they were sent.
            "COMPRESS_MIMETYPES": ["text/html", "text/csv"],
            "COMPRESS_ALGORITHM": ["br", "gzip"],
            # Files are small and kept: their address changes with what is in them (`static_address`).
            "COMPRESS_STREAMS": False,
            "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
        }


def is_command_line(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a ``flask ...`` command loads the application, and no web server; ``flask run`` is one."""
    return environment.get("FLASK_RUN_FROM_CLI") == "true" and "run" not in sys.argv[1:]


def _read(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in {"1", "true", "yes"}:
            return True
        if text.lower() in {"0", "false", "no", ""}:
            return False
        raise ValueError(f"{name} must be 1 or 0, not {text!r}.")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{name} must be a whole number, not {text!r}.") from None
    return text


def _is_far(url: URL) -> bool:
    """Whether the way to this PostgreSQL may leave the machine: by what the address says and, where it says
    nothing, by what libpq reads from the environment. A service file may say anything.
    """
    said = {
        name: str(url.query.get(name) or os.environ.get(f"PG{name.upper()}", ""))
        for name in ("host", "hostaddr", "service")
    }
    hosts = (str(url.query.get("host") or url.host or said["host"]), said["hostaddr"])
    is_here = all(host in ("", *THIS_MACHINE) or host.startswith("/") for host in hosts)
    return not is_here or bool(said["service"])


def _kept_secret(path: Path) -> str:
    """Make the secret where it is missing; of two starts at once, the first to write it wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    return path.read_text(encoding="ascii")
