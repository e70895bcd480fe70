"""A browser as victims and attackers have one: it opens a page, fills its form and sends it."""

from typing import Any

from flask.testing import FlaskClient

from tests.web.html import Form, read_page


def form_at(browser: FlaskClient, address: str, action: str | None = None) -> Form:
    """The form of a page that is sent to ``action``, which is the page's own address where none is given."""
    wanted = action or address.partition("?")[0]
    return next(one for one in read_page(browser.get(address).text).forms if one.action == wanted)


def send(browser: FlaskClient, address: str, **typed: Any) -> Any:
    """Fill the page's own form and send it, with the token that the page gave."""
    form = form_at(browser, address)
    return browser.post(form.action, data=form.data(**typed))
