"""``flask --app wsgi lcm ...``: each command calls one service function and says what came of it."""

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import AppGroup

from lcm_service.config import Settings
from lcm_service.domain.errors import LcmError, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES, ROLES, TOKEN_SCOPES
from lcm_service.jobs.worker import Worker, run_worker
from lcm_service.logs import write_lines_of_json
from lcm_service.mail.sending import send_due
from lcm_service.services import (
    accounts,
    audit,
    demonstration,
    exercise,
    invitations,
    reference_lists,
    renewals,
    sealed_factors,
    sourced_records,
    tokens,
)
from lcm_service.services.round_loading import LoadedRound
from lcm_service.serving import serve

commands = AppGroup("lcm", help="Run and look after the Light Coordination Mechanism's service.")

AUDIT_FAULTS = {
    "changed": "it is not what its hash says",
    "unlinked": "it does not follow the event before it",
    "missing": "there is no such event",
    "cut": "the chain does not end as it did",
    "rewritten": "a seal covers another event in this place",
    "false_seal": "the seal here was made by no key that is known",
}
# How often the state of a run is looked at while a command waits for it.
LOOK_EVERY_SECONDS = 0.2
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to by itself


def register_commands(app: Flask) -> None:
    """Add the commands to the application."""
    app.cli.add_command(commands)


def refuse_in_words[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """Turn a refusal of a service into one line and exit status 1, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LcmError as error:
            faults = error.faults if isinstance(error, NotValid) else {}
            lines = [f"  {field}: {' '.join(map(str, texts))}" for field, texts in faults.items()]
            raise click.ClickException("\n".join([str(error.message), *lines])) from error

    return run


@commands.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    flask_migrate.upgrade()
    click.echo("The database has the newest schema.")


@commands.command("load-reference")
@refuse_in_words
def load_reference_command() -> None:
    """Bring the lists of places, areas, missions and participants up to date."""
    changed = reference_lists.load_reference_lists(SYSTEM)
    click.echo(f"Reference lists: {counted(changed)} added or changed.")


@commands.command("load-sourced")
@click.argument("round_code", metavar="ROUND", default=sourced_records.ROUND_CODE)
@refuse_in_words
def load_sourced_command(round_code: str) -> None:
    """Load the ROUND that is taken from public sources."""
    click.echo(sentence_of(sourced_records.load_sourced_round(SYSTEM, round_code)))


@commands.command("load-exercise")
@click.option("--seed", default=exercise.SEED, show_default=True, help="Another seed draws other records.")
@refuse_in_words
def load_exercise_command(seed: int) -> None:
    """Load the made-up round of Exercise 2027."""
    click.echo(sentence_of(exercise.load_exercise(SYSTEM, seed)))


@commands.command("invite")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--participant", help="For a focal point: the code of the participant it answers for.")
@click.option("--lead", is_flag=True, help="The focal point is to be the lead of its participant.")
@click.option("--language", type=click.Choice(LANGUAGES_OF_PAGES), default="en", show_default=True)
@refuse_in_words
def invite_command(
    email: str, name: str, role: str, participant: str | None, lead: bool, language: str
) -> None:
    """Invite NAME with EMAIL to make an account, and print the address to open, which is good once."""
    invitation, code = invitations.invite(
        SYSTEM,
        email=email,
        name=name,
        role=role,
        participant_code=participant,
        is_lead=lead,
        language=language,
    )
    settings: Settings = current_app.config["SETTINGS"]
    before = "" if settings.address else "Put the address of the service before it. "
    click.echo(
        f"{settings.read_address()}/invitations/{code}\n{before}Hand it to {name} on a way that nobody "
        f"else reads. It is good once, until {invitation.expires_at:%Y-%m-%d}, and shown this once."
    )


@commands.command("renew-password")
@click.argument("email")
@refuse_in_words
def renew_password_command(email: str) -> None:
    """Let the person with EMAIL choose a new password, and print the address for it, which is good once."""
    code = renewals.begin_renewal(SYSTEM, email)
    settings: Settings = current_app.config["SETTINGS"]
    before = "" if settings.address else "Put the address of the service before it. "
    click.echo(
        f"{settings.read_address()}/renewals/{code}\n{before}Hand it to the person on a way that nobody "
        "else reads. It is good once, for one day, and shown this once."
    )


@commands.command("reset-second-factor")
@click.argument("email")
@refuse_in_words
def reset_second_factor_command(email: str) -> None:
    """Take away the second factor of the person with EMAIL, who lost telephone and recovery codes."""
    accounts.reset_second_factor(SYSTEM, email)
    click.echo("A new second factor is set up at the next sign-in.")


@commands.command("list-former-seals")
@refuse_in_words
def list_former_seals_command() -> None:
    """Tell whose second factor is still sealed with one of LCM_FORMER_SECRET_KEYS."""
    emails = sealed_factors.list_former_seals(SYSTEM, current_app.config["SEALER"])
    click.echo("\n".join([*emails, f"{len(emails)} second factors are sealed with a former key."]))


@commands.command("renew-seals")
@refuse_in_words
def renew_seals_command() -> None:
    """Seal with LCM_SECRET_KEY what is sealed with a former key: that key can then be left out."""
    renewed = sealed_factors.renew_seals(SYSTEM, current_app.config["SEALER"])
    click.echo(f"{renewed} second factors are sealed anew; none needs a former key any more.")


@commands.command("erase-person")
@click.argument("email")
@refuse_in_words
def erase_person_command(email: str) -> None:
    """Take out name, address, password and tokens of the person with EMAIL; what was done stays traced."""
    accounts.erase_person(SYSTEM, email)
    click.echo("The person is erased. Events name a number alone from now on.")


@commands.command("erase-demonstration-people")
@refuse_in_words
def erase_demonstration_people_command() -> None:
    """Erase everybody who was made up for a demonstration, so that a real service can start."""
    click.echo(f"Erased: {accounts.erase_demonstration_people(SYSTEM)}.")


@commands.command("create-token")
@click.argument("email")
@click.argument("label")
@click.option("--days", default=90, show_default=True, help="How long the token is good for.")
@click.option("--scope", type=click.Choice(TOKEN_SCOPES), default="read", show_default=True)
@refuse_in_words
def create_token_command(email: str, label: str, days: int, scope: str) -> None:
    """Make a token with which a system of the person with EMAIL calls the API; LABEL says what it is for."""
    token = tokens.create_api_token(SYSTEM, email, label, days, scope)
    click.echo(f"{token}\nIt is good for {days} days and shown this once.")


def audit_key_of(settings: Settings) -> bytes | None:
    """The key that signs the chain of events; ClickException where the setting is none."""
    try:
        return settings.read_audit_key()
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@commands.command("seal-audit")
@refuse_in_words
def seal_audit_command() -> None:
    """Sign the chain of audit events as it is now; a worker does so once a minute."""
    settings: Settings = current_app.config["SETTINGS"]
    key = audit_key_of(settings)
    if key is None:
        raise click.ClickException("Set LCM_AUDIT_KEY first: the key that signs, kept outside the database.")
    try:
        seal = audit.seal_chain(SYSTEM, key, settings.audit_seals_path())
    except OSError as error:
        raise click.ClickException(
            f"{settings.audit_seals_path()} cannot be written ({error.strerror}); nothing was sealed."
        ) from error
    click.echo(
        "Nothing was added since the last seal." if seal is None else f"Sealed up to event {seal.number}."
    )


@commands.command("verify-audit")
@click.option("--seals", "seals_files", multiple=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--public-key", "public_keys", multiple=True, help="Of a key that signed earlier, in hex.")
@refuse_in_words
def verify_audit_command(seals_files: tuple[str, ...], public_keys: tuple[str, ...]) -> None:
    """Go through the chain of audit events and its seals; exit status 1 where anything is wrong.

    The file of seals that the settings name is read as well. Give copies that are kept elsewhere as --seals:
    they alone show that the end of the chain was cut off together with its seals.
    """
    settings: Settings = current_app.config["SETTINGS"]
    key, own_file = audit_key_of(settings), settings.audit_seals_path()
    keys = {*public_keys, *(() if key is None else (audit.public_key_of(key),))}
    files = [*map(Path, seals_files), *((own_file,) if own_file.exists() else ())]
    outside = []
    for file in files:
        seals, faulty = audit.read_seals(file)
        outside += seals
        for number in faulty:
            click.echo(
                f"Line {number} of {file} is no seal: a write that was cut short, or a change.", err=True
            )
    report = audit.verify_audit(SYSTEM, keys, outside)
    if not keys and report.seals:
        raise click.ClickException(
            "Set LCM_AUDIT_KEY or give --public-key: the seals cannot be checked without."
        )
    click.echo(
        f"{report.events} events, {report.seals} seals in the database, {len(files)} files of seals; "
        f"{max(0, report.events - report.sealed)} events since the last seal."
    )
    if report.faults:
        lines = "\n".join(f"  event {fault.number}: {AUDIT_FAULTS[fault.code]}" for fault in report.faults)
        raise click.ClickException(f"The chain of audit events is not whole.\n{lines}")
    click.echo(
        "The chain is whole."
        if report.events <= report.sealed
        else "The chain is whole as far as it can be told; its end is not sealed yet."
    )


@commands.command("send-mail")
@refuse_in_words
def send_mail_command() -> None:
    """Send the mail that is due now; a worker does so every ten seconds."""
    settings: Settings = current_app.config["SETTINGS"]
    try:
        postbox = settings.read_postbox()
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if postbox is None:
        raise click.ClickException("Set LCM_SMTP_HOST first: the mail server that takes what is sent.")
    sent, failed = send_due(postbox, settings.read_address())
    click.echo(f"{sent} mails were taken, {failed} were not and are tried again or given up.")


@commands.command("worker")
def worker_command() -> None:
    """Solve the runs that are asked for, until stopped."""
    write_lines_of_json()
    click.echo("Waiting for runs. Stop with Ctrl-C.")
    run_worker(flask_application())


@commands.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--no-serve", is_flag=True, help="Prepare everything, print it, and end.")
@refuse_in_words
def demo_command(host: str, port: int, no_serve: bool) -> None:
    """Prepare the demonstration, print the accounts and serve the pages."""
    app = flask_application()
    settings: Settings = app.config["SETTINGS"]
    if not settings.demonstration:
        raise click.ClickException("Set LCM_DEMONSTRATION=1 first, or start with `make run`.")
    if not no_serve:
        require_free_port(host, port)
    flask_migrate.upgrade()
    for loaded in demonstration.load_rounds(SYSTEM):
        click.echo(sentence_of(loaded))
    sign_ins = demonstration.renew_accounts(SYSTEM)
    solve_first_plans(app, settings)
    click.echo(invitation(sign_ins, address_of(host, port)))
    if not no_serve:
        serve(app, host, port)


def solve_first_plans(app: Flask, settings: Settings) -> None:
    """Solve the rounds that were never solved, one after the other, in this process.

    Raises ClickException where a run ends without an answer or does not end.
    """
    run_ids = demonstration.request_first_runs(SYSTEM)
    if not run_ids:
        return
    click.echo(f"Matching {len(run_ids)} rounds ...")
    # No thread: the server that starts afterwards is forked, and a thread would not come along.
    worker = Worker(app)
    latest = time.monotonic() + len(run_ids) * 2 * settings.solve_seconds
    while demonstration.unfinished_runs(SYSTEM, run_ids):
        if time.monotonic() > latest:
            raise click.ClickException(
                "The first plans take too long. `flask lcm worker` can go on with them."
            )
        if not worker.work_once():
            time.sleep(LOOK_EVERY_SECONDS)
    failed = demonstration.failed_runs(SYSTEM, run_ids)
    if failed:
        raise click.ClickException(f"Run {failed[0]} ended without an answer. Its page tells the story.")


def flask_application() -> Flask:
    """The application itself, which outlives the context of the command."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def require_free_port(host: str, port: int) -> None:
    """Say at once, and not after the rounds are loaded, that another program listens there."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} on {host} cannot be used ({error.strerror}). Try another: make run PORT=8001."
            ) from error


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there, also where it listens to every address."""
    if host in EVERY_ADDRESS:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def sentence_of(loaded: LoadedRound) -> str:
    """What came of loading a round, in one line."""
    if not loaded.was_loaded:
        return f"Round {loaded.code} was there already; nothing was changed."
    return f"Round {loaded.code}: {counted(loaded.records)} loaded."


def counted(numbers: Mapping[str, int]) -> str:
    """Numbers by kind, as one reads them: ``need 8, offer 36``."""
    return ", ".join(f"{kind} {number}" for kind, number in sorted(numbers.items()))


def invitation(sign_ins: list[demonstration.SignIn], address: str) -> str:
    """Where to go and as whom to sign in."""
    rows: list[tuple[Any, ...]] = [("Sign in as", "e-mail", "password", "round")]
    for one in sign_ins:
        rows.append((one.account.name, one.account.email, one.password, one.account.round_code or "both"))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    table = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    notice = "The passwords are made anew at each start. The people are made up."
    return "\n".join(["", *(line.rstrip() for line in table), "", notice, "", f"Open {address}", ""])
