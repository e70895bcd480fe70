"""What was found about a plan after it was made, in words: least changes, what they displace, who is next.

The service has cut what is shown here to the reader: an owner's rows hold changes alone, without numbers of
seats; a coordinator's say what each change would do to others, as counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from markupsafe import Markup

from lcm_service.services.plan_studies import Found, Study
from lcm_service.web import plan_view, reasons, showing, words
from lcm_service.web.plan_view import Names

Document = Mapping[str, Any]

# What a run of this kind is at work on.
STAGES: Final = {
    "changes": lazy_gettext("What would help"),
    "reserves": lazy_gettext("Who would be next"),
}
PRICE_KINDS: Final = {
    "pin": lazy_gettext("A match that is held"),
    "ban": lazy_gettext("A match that was declined"),
    "question": lazy_gettext("An open question"),
    "match": lazy_gettext("A match of the plan"),
}


def change_sentence(change: Document) -> Any:
    """A change as what its owner, or a giver of support, would do."""
    return CHANGES[change["kind"]](change)


def _accept_language(change: Document) -> Any:
    return _("Accept %(language)s as a language too", language=showing.language_name(change["word"]))


def _accept_mode(change: Document) -> Any:
    return _("Accept this form too: %(mode)s", mode=words.word("mode", change["word"]))


def _start_earlier(change: Document) -> Any:
    return ngettext("Start %(num)s day earlier", "Start up to %(num)s days earlier", change["amount"])


def _end_later(change: Document) -> Any:
    return ngettext("End %(num)s day later", "End up to %(num)s days later", change["amount"])


def _send_smaller_group(change: Document) -> Any:
    if change["amount"] is None:
        return _("Accept a smaller group")
    return ngettext("Accept a group of %(num)s person", "Accept a group of %(num)s people", change["amount"])


def _spread_further(change: Document) -> Any:
    if change["amount"] is None:
        return _("Spread over more sessions")
    return ngettext(
        "Spread over %(num)s session at most", "Spread over %(num)s sessions at most", change["amount"]
    )


def _take_a_part(_change: Document) -> Any:
    return _("Accept a part of the seats where not all can be had")


def _add_support(change: Document) -> Any:
    kind, amount = words.word("support_kind", change["word"]), showing.number(change["amount"])
    if change["languages"]:
        languages = showing.listed(change["languages"], showing.language_name)
        text = _("One more support: %(kind)s, %(amount)s (%(languages)s)")
        return Markup(text) % {"kind": kind, "amount": amount, "languages": languages}  # noqa: S704 - a catalogue's
    return _("One more support: %(kind)s, %(amount)s", kind=kind, amount=amount)


CHANGES: Final[Mapping[str, Callable[[Document], Any]]] = {
    "language": _accept_language,
    "earlier": _start_earlier,
    "later": _end_later,
    "min_group": _send_smaller_group,
    "mode": _accept_mode,
    "max_groups": _spread_further,
    "not_whole": _take_a_part,
    "support": _add_support,
}


def effects_sentences(effects: Document) -> list[Any]:
    """What a change would bring the need and take from others, in counts; for coordinators."""
    gained = ngettext("It would gain %(num)s seat.", "It would gain %(num)s seats.", effects["seats_gained"])
    if not effects["needs_losing"]:
        return [gained, _("Nobody would lose a seat.")]
    lost = ngettext(
        "Others would lose %(num)s seat. Needs that lose: %(needs)s.",
        "Others would lose %(num)s seats. Needs that lose: %(needs)s.",
        effects["seats_lost_by_others"],
        needs=effects["needs_losing"],
    )
    return [gained, lost]


@dataclass(frozen=True)
class PriceRow:
    """What something costs: the first aim that would change without it, and by how much."""

    kind: Any
    about: Any
    aim: Any
    amount: int
    is_settled: bool


def price_rows(names: Names, study: Study) -> list[PriceRow]:
    """What pins, bans and questions cost, dearest aims first; what costs nothing is left out.

    What matches cost is told with each of them.
    """
    order = list(reasons.OBJECTIVES)
    rows = [
        found.row
        for found in study.prices.values()
        if found.row["kind"] != "match" and (found.row["objective"] or not found.row["is_settled"])
    ]
    rows.sort(
        key=lambda row: (order.index(row["objective"]) if row["objective"] in order else 99, -row["amount"])
    )
    return [
        PriceRow(
            PRICE_KINDS.get(row["kind"], row["kind"]),
            _about(names, row),
            aim_of(row),
            row["amount"],
            row["is_settled"],
        )
        for row in rows
    ]


def aim_of(price: Document) -> Any:
    """The first aim that would change, in words; none where nothing would."""
    name = price["objective"]
    return None if name is None else reasons.OBJECTIVES.get(name, name)


def _about(names: Names, row: Document) -> str:
    if row["kind"] == "question":
        kind, _reference, _title = names.record_of(row["record"])
        return f"{row['record']}: {reasons.question_sentence(kind, row['field'])}"
    return f"{row['need']} – {row['session']}"


@dataclass(frozen=True)
class Reserve:
    """Who would be next if a match were declined, what the plan would lose without it, and what it costs to
    hold it; each where it was looked for.
    """

    found: Found | None
    loss: Found | None
    pin: Found | None

    @property
    def is_known(self) -> bool:
        return self.found is not None or self.loss is not None or self.pin is not None


def reserve_of(study: Study, need: str, session: str) -> Reserve:
    """What was found about one match of a plan."""
    pin = study.prices.get(("pin", need, session, None, None))
    return Reserve(study.reserves.get((need, session)), study.price_of_match(need, session), pin)


@dataclass(frozen=True)
class Gap:
    """Why the published plan leaves a need short of seats, and what would help it, as its reader may see it.

    ``found`` is a coordinator's; ``own_changes`` are what its owner reads.
    """

    row: Document
    names: plan_view.Names
    plan_id: int
    found: Found | None = None
    own_changes: tuple[Document, ...] = ()
