"""What has to be done now and then beside solving: seal the chain of events, look at deadlines, let
approved plans leave, send mail, forget what is over.

It runs in a thread of its own, so that a long solve keeps no mail waiting. Each duty is done by as many
workers as there are; every one of them takes what it does under a lock or a claim of its own.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lcm_service.domain.permissions import SYSTEM
from lcm_service.mail.sending import send_due
from lcm_service.services import (
    audit,
    date_lapses,
    forgetting,
    lapses,
    part_lapses,
    publish_gate,
    record_ends,
)

log = logging.getLogger(__name__)

SEAL_SECONDS: Final = 60.0
DEADLINE_SECONDS: Final = 60.0
LEAVE_SECONDS: Final = 5.0
MAIL_SECONDS: Final = 10.0
FORGET_SECONDS: Final = 3600.0
LOOK_SECONDS: Final = 0.5


@dataclass
class Duty:
    """Something to be done every so many seconds; ``next_at`` is a moment of the monotonic clock."""

    name: str
    seconds: float
    act: Callable[[], object]
    next_at: float = 0.0


class Housekeeping:
    """The duties of one worker, by the settings of its application."""

    def __init__(self, app: Any, stop: threading.Event) -> None:
        settings = app.config["SETTINGS"]
        self._app = app
        self._stop = stop
        self._audit_key: bytes | None = settings.read_audit_key()
        self._seals_file = settings.audit_seals_path()
        self._postbox = settings.read_postbox()
        self._address: str = settings.read_address()
        self.duties = [
            Duty("look at deadlines", DEADLINE_SECONDS, self.look_at_deadlines),
            Duty("let approved plans leave", LEAVE_SECONDS, self.let_plans_leave),
            Duty("forget what is over", FORGET_SECONDS, self.forget),
        ]
        if self._audit_key is not None:
            self.duties.append(Duty("seal the chain of events", SEAL_SECONDS, self.seal))
        if self._postbox is not None:
            self.duties.append(Duty("send mail", MAIL_SECONDS, self.send_mail))

    def keep_until_stopped(self) -> None:
        """Do each duty when its time has come; what goes wrong is logged, and tried again later."""
        if self._audit_key is None:
            log.warning("LCM_AUDIT_KEY is not set: this worker does not seal the chain of audit events.")
        if self._postbox is None:
            log.warning("LCM_SMTP_HOST is not set: this worker sends no mail.")
        while not self._stop.is_set():
            self.do_what_is_due()
            self._stop.wait(LOOK_SECONDS)

    def do_what_is_due(self) -> None:
        """Each duty whose time has come, once."""
        for duty in self.duties:
            if self._stop.is_set() or time.monotonic() < duty.next_at:
                continue
            duty.next_at = time.monotonic() + duty.seconds
            try:
                with self._app.app_context():
                    duty.act()
            except Exception:
                # The database or the mail server may be away for a moment.
                log.exception("The worker could not %s; it tries again.", duty.name)

    def seal(self) -> None:
        """Sign what was added to the chain of events."""
        if self._audit_key is not None:
            audit.seal_chain(SYSTEM, self._audit_key, self._seals_file)

    def look_at_deadlines(self) -> None:
        """Let proposals lapse and records expire whose time is over, and remind of what is nearly over."""
        lapses.lapse_overdue(SYSTEM)
        lapses.remind_late(SYSTEM)
        part_lapses.lapse_parts(SYSTEM)
        part_lapses.remind_parties(SYSTEM)
        date_lapses.lapse_dates(SYSTEM)
        date_lapses.remind_of_dates(SYSTEM)
        # After the lapses: what a match held may end with it.
        record_ends.expire_overdue(SYSTEM)
        record_ends.remind_of_ends(SYSTEM)

    def let_plans_leave(self) -> None:
        """Publish the approved plans that were held long enough."""
        publish_gate.let_plans_leave(SYSTEM)

    def forget(self) -> None:
        """Forget sign-ins, invitations, renewals and failed attempts whose time is over."""
        forgetting.forget_what_is_over(SYSTEM)

    def send_mail(self) -> None:
        """Send what is due."""
        if self._postbox is None:
            return
        _sent, failed = send_due(self._postbox, self._address, lambda: not self._stop.is_set())
        if failed:
            log.warning(
                "%s mails were not taken; they are tried again or given up, see the page of people.", failed
            )
