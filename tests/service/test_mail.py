"""Mail: every message leaves once or more, never less; and nothing restricted stands in one.

The mail server is a real one (aiosmtpd), on a port of this machine.
"""

import socket
import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from lcm_service import create_app
from lcm_service.config import Settings
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import SYSTEM
from lcm_service.jobs.housekeeping import Housekeeping
from lcm_service.mail.sending import send_due
from lcm_service.mail.smtp import MailRefused, Postbox
from lcm_service.mail.texts import Text, write_text
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import MailDelivery, OutboxMessage
from lcm_service.services import accounts, invitations, mailing
from lcm_service.services.trail import enqueue_message
from tests import factories
from tests.service.test_decisions import Scene

ADDRESS = "https://lcm.example.org"


def free_port():
    """A port of this machine that nobody listens on; the controller wants to be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A mail server that keeps what it took; ``refusals`` maps an address to what is said to it instead."""

    def __init__(self):
        self.taken, self.refusals, self.dies_after_taking = [], {}, False
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        return "451 try again" if self.dies_after_taking else "250 OK"


@pytest.fixture
def server():
    made = Server()
    made.controller.start()
    yield made
    made.controller.stop()


@pytest.fixture
def postbox(server):
    return Postbox("127.0.0.1", server.controller.port, "lcm@example.org", with_tls=False)


def person(**columns):
    return factories.make_person(**({"email": "ana@example.org"} | columns))


def leave(kind, *, to=None, participant=None, **facts):
    with transaction() as session:
        enqueue_message(
            session,
            kind,
            person_id=None if to is None else to.id,
            participant_id=None if participant is None else participant.id,
            facts=facts,
        )


def send(postbox):
    return send_due(postbox, ADDRESS)


def later(**away):
    """As if so much time had passed since everything that happened."""
    for row in db.session.scalars(select(MailDelivery)):
        row.due_at -= timedelta(**away)
        if row.sent_at is not None:
            row.sent_at -= timedelta(**away)
    db.session.commit()


def body_of(mail):
    return mail.get_content()


class TestWhoGetsIt:
    def test_what_concerns_a_participant_goes_to_all_its_focal_points_and_nobody_else(
        self, app, server, postbox
    ):
        first = person()
        factories.make_person("focal_point", first.participant, email="bob@example.org")
        factories.make_person("focal_point", first.participant, email="gone@example.org", is_active=False)
        factories.make_person(
            "focal_point", first.participant, email="demo@example.org", is_demonstration=True
        )
        factories.make_person(email="other@example.org")
        leave("match.agree", participant=first.participant, match=1)
        assert send(postbox) == (2, 0)
        assert {mail["To"] for mail in server.taken} == {"ana@example.org", "bob@example.org"}

    def test_each_message_is_sent_once_when_nothing_goes_wrong(self, app, server, postbox):
        leave("account.lead", to=person())
        assert send(postbox) == (1, 0)
        assert send(postbox) == (0, 0)
        assert len(server.taken) == 1

    def test_many_messages_are_one_mail(self, app, server, postbox):
        ana = person()
        for number in range(30):
            leave("match.propose", participant=ana.participant, match=number)
        assert send(postbox) == (1, 0)
        assert "30 matches wait for your answer." in body_of(server.taken[0])

    def test_a_second_mail_waits_for_an_hour_but_not_what_is_about_the_account(self, app, server, postbox):
        ana = person()
        leave("match.propose", participant=ana.participant, match=1)
        send(postbox)
        leave("match.propose", participant=ana.participant, match=2)
        assert send(postbox) == (0, 0)
        leave("account.password", to=ana)
        assert send(postbox) == (1, 0)
        assert "Your password was changed." in body_of(server.taken[1])
        assert "1 match waits for your answer." in body_of(server.taken[1])
        leave("match.propose", participant=ana.participant, match=3)
        later(minutes=61)
        assert send(postbox) == (1, 0)

    def test_who_was_erased_in_between_gets_none(self, app, server, postbox):
        ana = person()
        leave("account.lead", to=ana)
        mailing.hand_on_messages(SYSTEM)
        accounts.erase_person(SYSTEM, ana.email)
        assert send(postbox) == (0, 0)

    def test_what_is_older_than_a_week_is_no_news(self, app, server, postbox):
        ana = person()
        leave("account.password", to=ana)
        leave("account.lead", to=ana)
        old = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        old.created_at = utc_now() - timedelta(days=8)
        db.session.commit()
        assert send(postbox) == (1, 0)
        assert "password" not in body_of(server.taken[0])

    def test_only_the_service_sends(self, app):
        for act in (mailing.hand_on_messages, mailing.claim_next):
            with pytest.raises(NotAllowed):
                act(factories.make_actor("administrator"))


class TestWhatItSays:
    def test_nothing_of_a_need_an_offer_or_a_participant_stands_in_a_mail(self, app, server, postbox):
        scene = Scene(title="kestrel-title", audience="kestrel-audience")
        factories.make_person("focal_point", scene.need.participant, email="ana@example.org")
        factories.make_person("focal_point", scene.offer.participant, email="bob@example.org")
        send(postbox)
        assert {mail["To"] for mail in server.taken} >= {"ana@example.org", "bob@example.org"}
        for mail in server.taken:
            text = str(mail) + body_of(mail)
            for secret in (
                "kestrel",
                scene.need.reference,
                scene.offer.reference,
                scene.need.participant.code,
                scene.offer.participant.code,
                scene.need.participant.names["en"],
            ):
                assert secret not in text, secret

    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", "1 match waits for your answer."), ("fr", "attend votre réponse"), ("ar", "تنتظر إجابتك")],
    )
    def test_it_is_in_its_readers_language(self, app, server, postbox, language, words):
        ana = person(language=language)
        leave("match.propose", participant=ana.participant, match=1)
        send(postbox)
        (mail,) = server.taken
        assert words in body_of(mail)
        assert mail["Content-Language"] == language
        assert ADDRESS in body_of(mail)
        assert mail["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize(
        "kind",
        [
            *(
                f"match.{one}"
                for one in ("propose", "grow", "confirm", "decline", "decline_more", "agree", "release")
            ),
            *(f"match.{one}" for one in ("lapse", "lapse_more", "remind", "revive")),
            *(
                f"{record}.{one}"
                for record in ("need", "offer", "support")
                for one in ("submit", "revise", "withdraw")
            ),
            *(
                f"account.{one}"
                for one in ("password", "renewal", "token", "second_factor", "lead", "delegation")
            ),
            *(f"plan.{one}" for one in ("put_forward", "approved", "taken_back", "held_back")),
            *("sign_in.recovery_code", "sign_in.wrong_codes", "invitation.accepted"),
        ],
    )
    def test_every_kind_of_message_has_its_line(self, app, kind):
        text = write_text([(kind, {"match": 1, "reference": "N-0001"})], "en", ADDRESS)
        assert text.body.count("\n* ") >= 1, text.body
        assert "N-0001" not in text.body

    def test_no_text_can_add_a_header_field(self, postbox):
        with pytest.raises(MailRefused) as refusal:
            postbox.send("ana@example.org", Text("A subject\r\nBcc: spy@example.org", "x"), "en")
        assert refusal.value.is_final


class TestWhenItFails:
    def test_a_mail_that_is_not_taken_now_is_tried_again_later_and_nothing_is_lost(
        self, app, server, postbox
    ):
        server.refusals["ana@example.org"] = "450 mailbox is full"
        leave("account.lead", to=person())
        assert send(postbox) == (0, 1)
        assert send(postbox) == (0, 0)
        later(minutes=5)
        assert send(postbox) == (0, 1)
        server.refusals.clear()
        later(minutes=29)
        assert send(postbox) == (0, 0)
        later(minutes=1)
        assert send(postbox) == (1, 0)

    def test_an_address_that_is_refused_for_good_is_not_tried_again_and_is_seen(self, app, server, postbox):
        server.refusals["ana@example.org"] = "550 no such mailbox"
        ana = person(is_lead=True)
        leave("account.lead", to=ana)
        assert send(postbox) == (0, 1)
        later(days=9)
        assert send(postbox) == (0, 0)
        (colleague,) = invitations.list_colleagues(accounts.actor_of(ana))
        assert colleague.mail_fault == "550 no such mailbox"
        server.refusals.clear()
        leave("account.delegation", to=ana)
        assert send(postbox) == (1, 0)
        (colleague,) = invitations.list_colleagues(accounts.actor_of(ana))
        assert colleague.mail_fault is None

    def test_it_is_given_up_after_the_last_wait(self, app, server, postbox):
        server.refusals["ana@example.org"] = "450 mailbox is full"
        leave("account.lead", to=person())
        for _ in range(len(mailing.WAITS) + 1):
            assert send(postbox) == (0, 1)
            later(days=3)
        assert send(postbox) == (0, 0)

    def test_a_worker_that_dies_after_the_server_took_it_sends_it_again(
        self, app, server, postbox, monkeypatch
    ):
        leave("account.lead", to=person())

        class Killed(BaseException):
            pass

        def die(*_arguments, **_options):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(mailing, "mark_sent", die)
            with pytest.raises(Killed):
                send(postbox)
        assert send(postbox) == (0, 0)
        later(minutes=6)
        assert send(postbox) == (1, 0)
        assert len(server.taken) == 2

    def test_a_worker_that_dies_while_it_hands_on_loses_nothing(self, app, server, postbox, monkeypatch):
        leave("account.lead", to=person())

        def die(*_arguments):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(mailing, "_people_of", die)
            with pytest.raises(KeyboardInterrupt):
                send(postbox)
        assert db.session.scalars(select(OutboxMessage)).one().handed_on_at is None
        assert send(postbox) == (1, 0)

    def test_no_server_is_no_loss_and_no_fault_of_the_address(self, app, server, postbox, caplog):
        leave("account.lead", to=person())
        nobody = Postbox("127.0.0.1", free_port(), postbox.sender, with_tls=False)
        assert send(nobody) == (0, 1)
        assert db.session.scalars(select(MailDelivery)).one().fault is None
        assert "ConnectionRefused" in caplog.text
        later(minutes=5)
        assert send(postbox) == (1, 0)

    def test_nothing_is_sent_in_the_clear_where_tls_is_asked_for(self, app, server, postbox):
        guarded = Postbox(postbox.host, postbox.port, postbox.sender)
        leave("account.lead", to=person())
        assert send(guarded) == (0, 1)
        assert server.taken == []

    def test_two_workers_do_not_send_the_same(self, app, server, postbox):
        for number in range(6):
            leave("account.lead", to=factories.make_person(email=f"p{number}@example.org"))
        mailing.hand_on_messages(SYSTEM)
        barrier = threading.Barrier(2)

        def work():
            with app.app_context():
                barrier.wait()
                send_due(postbox, ADDRESS)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(mail["To"] for mail in server.taken) == [
            f"p{number}@example.org" for number in range(6)
        ]


GIVEN: dict[str, Any] = {
    "smtp_host": "mail.example.org",
    "mail_sender": "lcm@example.org",
    "address": ADDRESS,
}


class TestSettings:
    def test_without_a_server_there_is_no_postbox(self):
        assert Settings().read_postbox() is None

    def test_with_one_there_is(self):
        postbox = Settings(**GIVEN).read_postbox()
        assert (postbox.host, postbox.port, postbox.with_tls) == ("mail.example.org", 587, True)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("mail_sender", ""),
            ("mail_sender", "no address"),
            ("address", ""),
            ("address", "lcm"),
            ("address", "http://lcm.example.org"),
            ("smtp_tls", False),
        ],
    )
    def test_half_a_setting_is_refused_by_name(self, name, value):
        with pytest.raises(ValueError, match=f"LCM_{name.upper()}"):
            create_app(Settings(secret_key="x" * 32, database_url="sqlite://", **(GIVEN | {name: value})))

    def test_a_worker_sends_mail_where_a_server_is_named(self, app, server, postbox, monkeypatch):
        given = {"smtp_host": postbox.host, "smtp_port": postbox.port, "smtp_tls": False}
        settings = Settings(**(GIVEN | given))
        monkeypatch.setitem(app.config, "SETTINGS", settings)
        leave("account.lead", to=person())
        Housekeeping(app, threading.Event()).do_what_is_due()
        assert len(server.taken) == 1
