"""Pages and their files come packed, and are kept by browsers as long as they stay what they are."""

import re

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.api.callers import Caller


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_page_is_packed_for_who_unpacks_it(client: FlaskClient, encoding: str) -> None:
    plain = client.get("/how-matching-works")
    packed = client.get("/how-matching-works", headers={"Accept-Encoding": encoding})
    assert "Content-Encoding" not in plain.headers
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == (
        encoding,
        "Accept-Encoding, Cookie",
    )
    assert packed.headers["Cache-Control"] == "no-store"
    assert len(packed.data) < len(plain.data) / 2
    if encoding == "br":
        assert b"<h1>" in brotli.decompress(packed.data)


def test_a_file_of_the_pages_is_kept_under_an_address_that_tells_what_is_in_it(client: FlaskClient) -> None:
    page = client.get("/how-matching-works").text
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    assert re.fullmatch(r"/static/lcm\.css\?v=[0-9a-f]{16}", address)
    style = client.get(address, headers={"Accept-Encoding": "br"})
    assert "max-age=31536000" in style.headers["Cache-Control"]
    assert b"--measure" in style.data
    style.close()


def test_an_answer_of_the_api_goes_as_it_is_with_the_version_that_is_sent_back(app: Flask) -> None:
    need = factories.make_need()
    caller = Caller(app, factories.make_person("coordinator"))
    answer = caller.get(f"/needs/{need.reference}", headers={"Accept-Encoding": "br, gzip"})
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)
    assert answer.headers["ETag"] == f'"{need.version}"'
