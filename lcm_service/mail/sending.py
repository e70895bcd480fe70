"""Sends what is due, mail after mail, until nothing is."""

import logging
from collections.abc import Callable

from lcm_service.domain.permissions import SYSTEM
from lcm_service.mail.smtp import MailRefused, Postbox
from lcm_service.mail.texts import write_text
from lcm_service.services import mailing

log = logging.getLogger(__name__)


def send_due(postbox: Postbox, address: str, goes_on: Callable[[], bool] = lambda: True) -> tuple[int, int]:
    """Hand on new messages and send what is due; gives how many mails were taken and how many were not.

    Needs an open application context. ``goes_on`` is asked before each mail, so that a worker can be stopped.
    """
    while mailing.hand_on_messages(SYSTEM) and goes_on():
        pass
    sent = failed = 0
    while goes_on() and (claimed := mailing.claim_next(SYSTEM)) is not None:
        try:
            postbox.send(
                claimed.email, write_text(claimed.messages, claimed.language, address), claimed.language
            )
        except MailRefused as refusal:
            # What is wrong with our settings is for those who run the service, not for the reader's State.
            log.warning("A mail was not taken: %s", refusal.fault)
            fault = refusal.fault if refusal.is_about_address else None
            mailing.mark_failed(SYSTEM, claimed, fault, is_final=refusal.is_final)
            failed += 1
        else:
            mailing.mark_sent(SYSTEM, claimed)
            sent += 1
    return sent, failed
