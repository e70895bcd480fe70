"""What every form does when it is sent: read, save, lead on; or show itself again with what was typed.

Nothing typed is ever lost: a fault (422) and a change that someone else was quicker with (409) both give the
form back as it was filled in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from lcm_service.domain.errors import NotValid, Stale
from lcm_service.domain.record_fields import column_of
from lcm_service.schemas.forms import read_typed, sentences_of
from lcm_service.schemas.records import Sent
from lcm_service.web.fields import FormView, Section, read_values
from lcm_service.web.refusals import in_words
from lcm_service.web.showing import moment

Values = dict[str, Any]
Faults = dict[str, list[str]]
Page = tuple[str, int] | Response


@dataclass(frozen=True)
class StaleFacts:
    """Who changed what while the person was writing."""

    who: str
    when: str | None
    fields: list[str]


def read_version(form: MultiDict[str, str]) -> int:
    """The version that the page showed; 0, which is never current, where the form carries none."""
    text = form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def save_or_show_again(
    sections: tuple[Section, ...],
    save: Callable[[Values], str],
    show: Callable[[FormView, StaleFacts | None], str],
    *,
    schema: type[Sent],
    is_revision: bool = False,
    beside: tuple[str, ...] = (),
    read_more: Callable[[], tuple[Values, Faults]] | None = None,
) -> Page:
    """Read the posted form by its schema and save it; ``save`` gives the address to go on to.

    ``beside`` names fields that are not the schema's and reach ``save`` as they were typed; ``read_more``
    reads what the sections do not declare.
    """
    typed, faults = read_values(sections, request.form)
    if read_more:
        more, more_faults = read_more()
        typed |= more
        faults |= more_faults
    own = {name: value for name, value in typed.items() if name not in beside}
    values, schema_faults = read_typed(schema, own, partial=is_revision)
    form = FormView(sections, typed, flat_faults(schema_faults) | faults, shows_unknown=True)
    if form.has_faults:
        return show(form, None), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        return redirect(save(values | {name: typed[name] for name in beside}), HTTPStatus.SEE_OTHER)
    except NotValid as refusal:
        form.faults_by_field = flat_faults(refusal.faults) or {"": [in_words(refusal.message)]}
        return show(form, None), HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale as refusal:
        return show(form, stale_facts(refusal)), HTTPStatus.CONFLICT


def in_stored_order(sections: tuple[Section, ...], record: Any, values: Values) -> Values:
    """The values with every set that has not changed in the order in which it is stored.

    Boxes come back in the order of the page; without this, a form saved as it stands would look changed.
    """
    sets = [one.name for section in sections for one in section.fields if one.widget in ("many", "picks")]
    kept = {}
    for name in sets:
        stored, value = getattr(record, column_of(name)), values.get(name)
        if stored and value and sorted(stored) == sorted(value):
            kept[name] = stored
    return values | kept


def flat_faults(faults: Mapping[str, Any]) -> Faults:
    """The sentences of each field in the reader's language; those of rows are gathered under their field.

    Domain and schemas mark their sentences for translation; here they get the reader's language.
    """
    return {
        name: list(dict.fromkeys(in_words(text) for text in sentences_of(inner)))
        for name, inner in faults.items()
    }


def stale_facts(refusal: Stale) -> StaleFacts:
    """What a refusal of a stale write says of the changes that the writer missed, for the page."""
    changes: Any = refusal.details.get("changes") or ()
    last = changes[-1] if changes else {}
    fields = {name: None for change in changes for name in change["fields"]}
    return StaleFacts(
        who=last.get("by", ""),
        when=moment(datetime.fromisoformat(last["at"])) if last else None,
        fields=list(fields),
    )
