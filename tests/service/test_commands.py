"""The commands: each says in a line what came of it, and refuses in a line too."""

import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from lcm_service.config import Settings
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Invitation, Plan, Round
from lcm_service.services import invitations, sign_ins, tokens
from tests.fixtures import make_app


@pytest.fixture
def run(app):
    """Runs a command of `flask lcm` and gives its result."""
    return lambda *words, **more: app.test_cli_runner().invoke(args=["lcm", *words], **more)


@pytest.fixture
def demonstration_runner(service_url: str) -> Iterator[FlaskCliRunner]:
    """A runner of an application in demonstration mode."""
    app: Flask = make_app(service_url, demonstration=True)
    yield app.test_cli_runner()
    with app.app_context():
        db.engine.dispose()


def test_the_lists_and_both_rounds_are_loaded_by_commands(run):
    assert "places 198" in run("load-reference").output
    assert "Round public-2026: activity 30, context 18, need 8" in run("load-sourced", "public-2026").output
    assert "Round exercise-2027: need 63, offer 43, support 12 loaded." in run("load-exercise").output
    assert "was there already" in run("load-exercise").output


def test_a_refusal_is_one_line_and_not_a_traceback(run):
    result = run("load-sourced", "public-1999")
    assert result.exit_code == 1
    assert "Error: There are no sourced records for a round public-1999" in result.output
    assert "Traceback" not in result.output


def test_migrating_again_changes_nothing_and_says_so(run):
    result = run("migrate")
    assert result.exit_code == 0
    assert "The database has the newest schema." in result.output


def test_a_person_invited_by_command_can_sign_in_and_get_a_token(run):
    words = "a good long password"
    told = run("invite", "c@example.org", "Coordinator", "--role", "coordinator").output
    code = told.splitlines()[0].rpartition("/")[2]
    invitations.accept_invitation(code, "Coordinator", words)
    assert sign_ins.sign_in("c@example.org", words).person.role == "coordinator"
    token = run("create-token", "c@example.org", "reports", "--days", "7").output.split()[0]
    assert tokens.actor_of_token(token)[0].role == "coordinator"


def test_a_faulty_person_is_refused_with_its_faults(run):
    result = run("invite", "c@example.org", "C", "--role", "focal_point")
    assert result.exit_code == 1
    assert "participant_code" in result.output
    assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_no_command_takes_a_password(app):
    """What is typed as an argument is read by everybody on the machine, and kept by the shell."""
    commands = app.cli.commands["lcm"].commands
    words = [word for one in commands.values() for option in one.params for word in option.opts]
    assert len(words) > 10
    assert not [word for word in words if "password" in word or "secret" in word]


def test_the_demonstration_is_refused_outside_demonstration_mode(run):
    result = run("demo", "--no-serve")
    assert result.exit_code == 1
    assert "LCM_DEMONSTRATION=1" in result.output
    assert db.session.scalar(select(func.count()).select_from(Round)) == 0


def test_a_taken_port_is_named_before_anything_is_loaded(demonstration_runner):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = demonstration_runner.invoke(args=["lcm", "demo", "--port", str(port)])
    assert result.exit_code == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in result.output


def test_the_demonstration_solves_both_rounds_and_prints_who_can_sign_in(demonstration_runner):
    first = demonstration_runner.invoke(args=["lcm", "demo", "--no-serve"])
    assert first.exit_code == 0, first.output
    assert "Open http://127.0.0.1:8000" in first.output
    password_of = {line.split()[-3]: line.split()[-2] for line in first.output.splitlines() if "@" in line}
    assert len(password_of) == 7
    with demonstration_runner.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Plan)) == 2
        for email, password in password_of.items():
            assert sign_ins.sign_in(email, password, with_demonstration=True).person.is_demonstration
    second = demonstration_runner.invoke(args=["lcm", "demo", "--no-serve"])
    assert second.exit_code == 0, second.output
    assert second.output.count("nothing was changed") == 2
    assert not any(password in second.output for password in password_of.values())
    with demonstration_runner.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Plan)) == 2


def test_the_secret_of_a_demonstration_is_made_once_and_kept_beside_the_database(tmp_path):
    settings = Settings(demonstration=True, data_folder=str(tmp_path))
    assert settings.read_secret_key() == settings.read_secret_key()
    assert (
        Settings(demonstration=True, data_folder=str(tmp_path)).read_secret_key()
        == settings.read_secret_key()
    )


KEY = "ab" * 32


@pytest.fixture
def sealing(service_url: str, tmp_path) -> Iterator[FlaskCliRunner]:
    """A runner of an application that has a key for its chain of events, and a database of its own."""
    app: Flask = make_app(service_url, audit_key=KEY, audit_seals_file=str(tmp_path / "seals.jsonl"))
    yield app.test_cli_runner()
    with app.app_context():
        db.engine.dispose()


def test_the_chain_of_events_is_sealed_and_verified_by_commands(sealing):
    assert "Nothing was added" in sealing.invoke(args=["lcm", "seal-audit"]).output
    assert sealing.invoke(args=["lcm", "load-reference"]).exit_code == 0
    unsealed = sealing.invoke(args=["lcm", "verify-audit"])
    assert (unsealed.exit_code, "not sealed yet" in unsealed.output) == (0, True)
    assert "Sealed up to event" in sealing.invoke(args=["lcm", "seal-audit"]).output
    whole = sealing.invoke(args=["lcm", "verify-audit"])
    assert whole.exit_code == 0
    assert "1 seals in the database, 1 files of seals; 0 events since the last seal." in whole.output
    assert "The chain is whole." in whole.output


def test_a_chain_that_was_cut_ends_in_status_1_and_a_line_that_names_the_place(sealing, tmp_path):
    sealing.invoke(args=["lcm", "load-reference"])
    sealing.invoke(args=["lcm", "seal-audit"])
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_text((tmp_path / "seals.jsonl").read_text().replace('"number": ', '"number": 1'))
    result = sealing.invoke(args=["lcm", "verify-audit", "--seals", str(copy)])
    assert result.exit_code == 1
    assert "The chain of audit events is not whole." in result.output
    assert "no key that is known" in result.output


def test_without_a_key_nothing_is_sealed_and_the_command_says_what_to_set(run):
    result = run("seal-audit")
    assert result.exit_code == 1
    assert "Set LCM_AUDIT_KEY" in result.output


@pytest.mark.parametrize("key", ["short", "G" * 64, "AB" * 32, "ab" * 33])
def test_a_key_that_is_none_is_refused_by_name(key):
    with pytest.raises(ValueError, match="LCM_AUDIT_KEY"):
        Settings(audit_key=key).read_audit_key()


def test_a_demonstration_makes_its_key_once(tmp_path):
    settings = Settings(demonstration=True, data_folder=str(tmp_path))
    assert settings.read_audit_key() == settings.read_audit_key() != None  # noqa: E711
    assert Settings().read_audit_key() is None
