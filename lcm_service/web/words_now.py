"""The texts of the pages as they are now: those of the catalogues, and before them what was corrected."""

import time
from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, current_app, has_request_context, request
from flask_babel import Domain, get_locale

from lcm_service.services.wordings import Corrections, find_corrections, read_corrections

# A correction is seen by the other processes after so many seconds at most.
SECONDS_UNTIL_SEEN: Final = 30
_EXTENSION: Final = "lcm_words_now"


class CorrectedTexts:
    """A catalogue with corrections before it. What has no correction, and texts that a context tells apart,
    are the catalogue's own.
    """

    def __init__(self, catalogue: Any, corrections: Corrections) -> None:
        self._catalogue, self._corrections = catalogue, corrections

    def ugettext(self, message: str) -> str:
        """The text for a message."""
        return self._corrections.get((message, 0)) or self._catalogue.ugettext(message)

    def ungettext(self, message: str, plural: str, number: int) -> str:
        """The form of the text that goes with a number."""
        form = self._catalogue.plural(number)
        return self._corrections.get((message, form)) or self._catalogue.ungettext(message, plural, number)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)


class CorrectedDomain(Domain):  # type: ignore[misc]
    """Where Flask-Babel looks texts up. Corrections are read at the beginning of a request, never in between:
    an error page must have its words also when the database has not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._corrections: Mapping[str, Corrections] = {}
        self._read_at: float | None = None

    def refresh_for_request(self) -> None:
        """Read the corrections again, where they are old and what is asked for has words. A page that needs
        nothing of the database is shown without it too: what was read last stands until they can be read.
        """
        if request.endpoint != "static" and self._are_old():
            found = find_corrections()
            self._corrections = self._corrections if found is None else found
            self._read_at = time.monotonic()

    def refresh(self) -> None:
        """Read the corrections again, where they are old."""
        if self._are_old():
            self._corrections, self._read_at = read_corrections(), time.monotonic()

    def _are_old(self) -> bool:
        # Another thread may forget when they were read between two looks at it.
        read_at = self._read_at
        return read_at is None or time.monotonic() - read_at > SECONDS_UNTIL_SEEN

    def forget(self) -> None:
        """Let the next request read them, after one was made."""
        self._read_at = None

    def get_translations(self) -> Any:
        """The catalogue of the reader's language, corrected."""
        if not has_request_context():
            # A worker that writes mail has no request before which they would have been read.
            self.refresh()
        catalogue = super().get_translations()
        corrections = self._corrections.get(str(get_locale()))
        return CorrectedTexts(catalogue, corrections) if corrections else catalogue

    def catalogue_of_release(self) -> Any:
        """The catalogue of the reader's language as it was released."""
        return super().get_translations()


def words_now() -> CorrectedDomain:
    """The texts of this application."""
    found: CorrectedDomain = current_app.extensions[_EXTENSION]
    return found


def register_words(app: Flask) -> None:
    """Let every text of the application be looked up here. Comes after Flask-Babel itself."""
    domain = app.extensions[_EXTENSION] = CorrectedDomain()
    app.extensions["babel"].instance.domain_instance = domain
    app.before_request(domain.refresh_for_request)
