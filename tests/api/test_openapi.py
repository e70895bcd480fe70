"""The API describes itself, truly."""

import pytest
from openapi_spec_validator import validate

from lcm_service.domain.record_fields import RECORD_FIELDS
from tests import factories
from tests.api.callers import Caller

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_description_is_valid_openapi_3_1(document):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_address_of_the_api_is_described(app, document):
    served = {
        (str(rule), method.lower())
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/") and not rule.endpoint.startswith("api-docs")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, method, _ in operations(document)}
    assert len(served) == len(described)
    assert {method for _, method in served} == {method for _, method in described}


def test_every_call_says_what_it_does_and_how_it_refuses(document):
    for path, method, operation in operations(document):
        assert operation["summary"], (method, path)
        assert "default" in operation["responses"], (method, path)
    refusals = document["components"]["responses"]
    assert refusals
    for refusal in refusals.values():
        assert list(refusal["content"]) == ["application/problem+json"]


def test_every_change_of_a_record_asks_for_its_version(document):
    for path, method, operation in operations(document):
        is_change = method in {"patch", "put"} or path.endswith(
            (
                "/withdrawal",
                "/renewal",
                "/submission",
                "/putting-forward",
                "/approval",
                "/taking-back",
                "/discarding",
                "/consent",
                "/confirmation",
                "/decline",
                "/partial-acceptance",
                "/other-dates",
                "/acceptance",
                "/refusal",
                "/release",
                "/revival",
                "/closing",
                "/reopening",
                "/schedule",
                "/delivery",
                "/non-delivery",
                "/assessment",
            )
        )
        headers = {row["name"] for row in operation.get("parameters", ()) if row.get("in") == "header"}
        assert ("If-Match" in headers) == is_change, (method, path)


@pytest.mark.parametrize(
    ("kind", "name"), [("need", "NeedAnswer"), ("offer", "OfferAnswer"), ("support", "SupportAnswer")]
)
def test_every_field_is_described_and_answered(app, document, kind, name):
    described = set(document["components"]["schemas"][name]["properties"])
    assert described > set(RECORD_FIELDS[kind])
    factories.make_round("R")
    caller = Caller(app, factories.make_person())
    answer = caller.post(
        f"/{kind}s/", {"title": "T", "round": "R"} | ({"kind": "venue"} if kind == "support" else {})
    )
    assert set(answer.json) == described
