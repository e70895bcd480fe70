"""Mail by SMTP (RFC 5321), one connection a mail: a worker sends few, and one that is kept may be dead."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, make_msgid
from typing import Final

from lcm_service.mail.texts import Text

TIMEOUT_SECONDS: Final = 20.0


class MailRefused(Exception):
    """The mail was not taken. ``is_about_address``: the server refuses this receiver, for good where it is
    ``is_final`` (a code of 5xx); else the fault is our own, or the server's.
    """

    def __init__(self, fault: str, *, is_about_address: bool = False, is_final: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.is_about_address = is_about_address
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Postbox:
    """Where mail is handed in."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    with_tls: bool = True

    def send(self, to: str, text: Text, language: str) -> None:
        """Hand one mail in. Raises MailRefused."""
        try:
            message = self._written(to, text, language)
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
                if self.with_tls:
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            is_final = 500 <= code < 600
            raise MailRefused(_told(code, words), is_about_address=True, is_final=is_final) from error
        except smtplib.SMTPResponseException as error:
            # Refused for another reason than the address: our sign-in or our sender may be set wrongly.
            raise MailRefused(_told(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailRefused(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            raise MailRefused(f"The mail cannot be written: {error}", is_final=True) from error

    def _written(self, to: str, text: Text, language: str) -> EmailMessage:
        """The mail. Header fields refuse line ends, so that no text of ours or others can add a field."""
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"], message["To"], message["Subject"] = self.sender, to, text.subject
        message["Date"], message["Message-ID"] = (
            formatdate(),
            make_msgid(domain=self.sender.rpartition("@")[2]),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.body)
        # After the content, which begins its own header fields anew.
        message["Content-Language"] = language
        return message


def _told(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {text}"
