"""What a mail says: how much waits, and where to look. Never what it is about: others read mail on its way.

No reference, no name of a State, no subject of a course stands in a mail; the pages show them to whoever may
see them. A mail is plain text in its reader's language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import force_locale, gettext, ngettext

type Message = tuple[str, dict[str, Any]]

ASKS: Final = frozenset({"match.ask", "match.grow", "match.propose", "match.turn", "match.remind"})
PART_ASKS: Final = frozenset({"part.ask_part", "part.remind"})
DATE_ASKS: Final = frozenset({"dates.ask", "dates.remind"})
SIGN_OFF_LINE: Final = "-- "


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body of one mail."""

    subject: str
    body: str


def write_text(messages: Sequence[Message], language: str, address: str) -> Text:
    """One mail for all of these messages; ``address`` is where the service is reached."""
    with force_locale(language):
        lines = [*_about_account(messages), *_about_plans(messages), *_counted(messages)]
        asks = _matches(messages, ASKS.__contains__)
        subject = (
            ngettext("%(num)s match waits for your answer", "%(num)s matches wait for your answer", asks)
            if asks
            else gettext("There is news for you")
        )
        body = [
            gettext("Light Coordination Mechanism"),
            "",
            *(f"* {line}" for line in lines),
            "",
            gettext("Sign in to read it:"),
            address,
            "",
            SIGN_OFF_LINE,
            gettext(
                "This mail was written by a program. It names nobody and no record, because others may read "
                "it."
            ),
        ]
        return Text(f"{gettext('Light Coordination Mechanism')}: {subject}", "\n".join(body) + "\n")


def _about_account(messages: Sequence[Message]) -> list[str]:
    """What concerns the safety of the reader's own account, each thing once."""
    sentences: dict[str, Callable[[], str]] = {
        "account.password": lambda: gettext(
            "Your password was changed. If it was not you, write to the administrators at once."
        ),
        "account.token": lambda: gettext(
            "A token was made with which a program acts as you. If it was not you, take it back at once."
        ),
        "account.renewal": lambda: gettext(
            "An administrator lets you choose a new password. If you did not ask, write to the "
            "administrators at once."
        ),
        "account.second_factor": lambda: gettext(
            "Your second step was set up anew or taken away. If it was not you, write to the "
            "administrators at once."
        ),
        "account.provider": lambda: gettext(
            "Your account was linked with one of the identity provider, or such a link was ended. If it was "
            "not you, write to the administrators at once."
        ),
        "sign_in.recovery_code": lambda: gettext(
            "A recovery code of yours was used to sign in. If it was not you, write to the administrators "
            "at once."
        ),
        "sign_in.wrong_codes": lambda: gettext(
            "Somebody who knows your password gave wrong codes. If it was not you, change your password."
        ),
        "account.lead": lambda: gettext("You are the lead focal point of your participant now."),
        "account.delegation": lambda: gettext("You were asked to stand in for the lead focal point."),
        "invitation.accepted": lambda: gettext("Somebody has accepted your invitation."),
    }
    return _each_once(messages, sentences)


def _about_plans(messages: Sequence[Message]) -> list[str]:
    """What coordinators ask of each other before a plan leaves."""
    return _each_once(
        messages,
        {
            "plan.put_forward": lambda: gettext("A plan waits for the approval of a second coordinator."),
            "plan.approved": lambda: gettext(
                "A plan that you put forward was approved. It leaves soon; until then it can be taken back."
            ),
            "plan.taken_back": lambda: gettext("A plan was taken back before it left. It is a draft again."),
            "plan.held_back": lambda: gettext(
                "A plan did not leave, because something was decided against it. Ask for a repair."
            ),
        },
    )


def _each_once(messages: Sequence[Message], sentences: dict[str, Callable[[], str]]) -> list[str]:
    kinds = {kind for kind, _ in messages}
    return [write() for kind, write in sentences.items() if kind in kinds]


def _counted(messages: Sequence[Message]) -> list[str]:
    """How many matches and records there is something to do or to read about."""
    lines = []
    if asks := _matches(messages, ASKS.__contains__):
        lines.append(
            ngettext("%(num)s match waits for your answer.", "%(num)s matches wait for your answer.", asks)
        )
    if late := _matches(messages, "match.remind".__eq__):
        lines.append(ngettext("%(num)s of them lapses soon.", "%(num)s of them lapse soon.", late))
    if news := len(_match_ids(messages) - _match_ids(messages, ASKS.__contains__)):
        lines.append(ngettext("There is news of %(num)s match.", "There is news of %(num)s matches.", news))
    if parts := _parts(messages, PART_ASKS.__contains__):
        lines.append(
            ngettext(
                "%(num)s course asks for a support of yours.",
                "%(num)s courses ask for supports of yours.",
                parts,
            )
        )
    if late := _parts(messages, "part.remind".__eq__):
        lines.append(
            ngettext(
                "%(num)s of these questions lapses soon.", "%(num)s of these questions lapse soon.", late
            )
        )
    if news := _parts(messages) - parts:
        lines.append(
            ngettext(
                "There is news of %(num)s course that asked for a support of yours.",
                "There is news of %(num)s courses that asked for supports of yours.",
                news,
            )
        )
    lines += _about_dates(messages)
    records = {
        facts.get("reference")
        for kind, facts in messages
        if kind.partition(".")[0] in ("need", "offer", "support")
    }
    if records:
        lines.append(
            ngettext("There is news of %(num)s record.", "There is news of %(num)s records.", len(records))
        )
    if circulated := len(
        {facts.get("reference") for kind, facts in messages if kind.startswith("circulation.")}
    ):
        lines.append(
            ngettext(
                "%(num)s record was circulated to all who take part.",
                "%(num)s records were circulated to all who take part.",
                circulated,
            )
        )
    if ending := len({facts.get("reference") for kind, facts in messages if kind.endswith(".ends_soon")}):
        lines.append(
            ngettext("%(num)s of your records ends soon.", "%(num)s of your records end soon.", ending)
        )
    return lines


def _about_dates(messages: Sequence[Message]) -> list[str]:
    lines = []
    if dates := _dates(messages, DATE_ASKS.__contains__):
        lines.append(
            ngettext(
                "%(num)s course asks whether other dates suit you.",
                "%(num)s courses ask whether other dates suit you.",
                dates,
            )
        )
    if late := _dates(messages, "dates.remind".__eq__):
        lines.append(
            ngettext(
                "%(num)s of these questions lapses soon.", "%(num)s of these questions lapse soon.", late
            )
        )
    if news := _dates(messages) - dates:
        lines.append(
            ngettext(
                "%(num)s question about other dates is settled.",
                "%(num)s questions about other dates are settled.",
                news,
            )
        )
    return lines


def _matches(messages: Sequence[Message], concerns: Callable[[str], bool]) -> int:
    return len(_match_ids(messages, concerns))


def _match_ids(messages: Sequence[Message], concerns: Callable[[str], bool] = bool) -> set[Any]:
    return {facts.get("match") for kind, facts in messages if kind.startswith("match.") and concerns(kind)}


def _dates(messages: Sequence[Message], concerns: Callable[[str], bool] = bool) -> int:
    """How many proposals of other dates these messages are about."""
    return len(
        {facts.get("dates") for kind, facts in messages if kind.startswith("dates.") and concerns(kind)}
    )


def _parts(messages: Sequence[Message], concerns: Callable[[str], bool] = bool) -> int:
    """How many parts of courses these messages are about."""
    return len({facts.get("part") for kind, facts in messages if kind.startswith("part.") and concerns(kind)})
