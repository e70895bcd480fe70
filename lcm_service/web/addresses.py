"""How addresses of pages name a record by its number."""

from flask import Flask
from werkzeug.routing import IntegerConverter


class RowNumber(IntegerConverter):
    """The number of a stored row. The databases' keys end at 2**31 - 1, so a longer number is no page (404).

    By its pattern and not by a maximum: a number over a maximum is answered by 405 where an address has both
    a GET and a POST.
    """

    regex = r"[0-9]{1,9}"


def register_addresses(app: Flask) -> None:
    """Let addresses say ``<row:plan_id>``; to be called before the pages are added."""
    app.url_map.converters["row"] = RowNumber
