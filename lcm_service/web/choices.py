"""The lists that forms offer, in the reader's language."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _

from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence import reads
from lcm_service.web import showing, words
from lcm_service.web.fields import Choices


def of(vocabulary: str) -> Callable[[], Choices]:
    """The words of a vocabulary, in its order. ``any`` is left out: a field offers it apart."""
    labels = words.VOCABULARIES[vocabulary]
    return lambda: [(code, label) for code, label in labels.items() if code != ANY]


def areas() -> Choices:
    """Training areas by group."""
    return [(area.code, showing.named(area.names, area.code)) for area in reads.list_areas()]


def languages() -> Choices:
    """Languages in which training is often given."""
    return showing.language_choices()


def places() -> Choices:
    """Countries and areas by name."""
    return _by_name([(place.code, showing.text_of(place.names, place.code)) for place in reads.list_places()])


def participants() -> Choices:
    """Participants by name."""
    return _by_name([(one.code, showing.text_of(one.names, one.code)) for one in reads.list_participants()])


def missions() -> Choices:
    """Missions that have not ended."""
    return [(one.code, f"{one.code} – {one.name}") for one in reads.list_missions(showing.today())]


def eligible() -> Choices:
    """Whom an offer may be open to: participants, countries, regions and groups."""
    groups = sorted({group for one in reads.list_participants() for group in one.groups or ()})
    # A State is both a participant and a place by the same code: it is offered once.
    states = dict([*places(), *participants()])
    return [*_by_name(list(states.items())), *regions(), *((group, group) for group in groups)]


def regions() -> Choices:
    """Regions by name."""
    return _by_name([(one.code, showing.text_of(one.names, one.code)) for one in reads.list_regions()])


def places_and_regions() -> Choices:
    """Where a course may be held."""
    return [*places(), *regions()]


def support_kinds() -> Choices:
    """Kinds of support that an offer may require."""
    return list(words.SUPPORT_KINDS.items())


def yes_or_no() -> Choices:
    """A question with two answers."""
    return [("yes", _("Yes")), ("no", _("No"))]


def _by_name(choices: list[tuple[str, Any]]) -> Choices:
    return sorted(choices, key=lambda choice: str(choice[1]).casefold())
