"""What may be sent: unknown, any and nothing are three answers, everything else is refused at the door."""

from datetime import date
from typing import Any

import pytest
from marshmallow import ValidationError

from lcm_service.domain import record_fields
from lcm_service.schemas.forms import read_typed
from lcm_service.schemas.records import (
    RECORD_SCHEMAS,
    ActivitySchema,
    NeedSchema,
    OfferSchema,
    SessionSchema,
    SupportSchema,
)


def sent_names(schema) -> set[str]:
    return {field.data_key or name for name, field in schema().fields.items()}


@pytest.mark.parametrize("kind", sorted(RECORD_SCHEMAS))
def test_a_schema_has_exactly_the_fields_that_an_owner_writes(kind):
    assert sent_names(RECORD_SCHEMAS[kind]) == set(record_fields.RECORD_FIELDS[kind])


def test_sessions_and_activities_have_exactly_their_fields():
    assert sent_names(SessionSchema) == set(record_fields.SESSION_FIELDS)
    assert sent_names(ActivitySchema) == set(record_fields.ACTIVITY_FIELDS)


@pytest.mark.parametrize("kind", sorted(RECORD_SCHEMAS))
def test_every_field_but_the_name_of_a_thing_may_be_unknown(kind):
    required = record_fields.REQUIRED_FIELDS[kind]
    values = {name: None for name in record_fields.RECORD_FIELDS[kind]} | {name: "x" for name in required}
    loaded = RECORD_SCHEMAS[kind]().load(values)
    assert {name: value for name, value in loaded.items() if value is not None} == {
        name: "x" for name in required
    }
    assert set(loaded) == set(values)


def test_unknown_any_and_nothing_are_three_answers():
    loaded = OfferSchema().load(
        {"title": "T", "personnel": ["any"], "requires": [], "only": None, "level": "any"}
    )
    assert loaded == {"title": "T", "personnel": ["any"], "requires": [], "only": None, "level": "any"}


def test_a_form_and_a_message_are_read_alike():
    sent = {"title": "T", "areas": ["C-IED"], "earliest": "2027-03-01", "seats_asked": 12, "level": None}
    typed, faults = read_typed(NeedSchema, sent)
    assert faults == {}
    assert typed == NeedSchema().load(sent) == sent | {"earliest": date(2027, 3, 1)}


def test_faults_of_a_form_name_the_field_and_keep_what_was_right():
    values, faults = read_typed(
        OfferSchema, {"title": "T", "seats": "12a", "sessions": [{"starts_on": "soon"}]}
    )
    assert values["title"] == "T"
    assert set(faults) == {"seats", "sessions"}
    assert all(isinstance(text, str) for sentences in faults.values() for text in sentences)


def test_a_form_that_asks_for_some_fields_alone_needs_no_title():
    assert read_typed(OfferSchema, {"seats": 12}, partial=True) == ({"seats": 12}, {})
    assert set(read_typed(OfferSchema, {"seats": 12})[1]) == {"title"}


REFUSED = [
    (NeedSchema, {"state": "withdrawn"}),
    (NeedSchema, {"seats_recognised": 400}),
    (NeedSchema, {"priority_recognised": "critical"}),
    (NeedSchema, {"version": 7}),
    (NeedSchema, {"source": {}}),
    (NeedSchema, {"title": None}),
    (NeedSchema, {"title": ""}),
    (NeedSchema, {"title": "   "}),
    (NeedSchema, {"title": 7}),
    (NeedSchema, {"title": "x" * 301}),
    (NeedSchema, {"title": "nul\x00"}),
    (NeedSchema, {"title": "two\nlines"}),
    (NeedSchema, {"title": "half a character \ud800"}),
    (NeedSchema, {"title": "turned \u202egnp.exe"}),
    (NeedSchema, {"title": "set apart \u2066name\u2069"}),
    (NeedSchema, {"audience": "embedded \u202bname"}),
    (NeedSchema, {"detail": "bell\x07"}),
    (NeedSchema, {"detail": "x" * 10_001}),
    (NeedSchema, {"seats_asked": 0}),
    (NeedSchema, {"seats_asked": -3}),
    (NeedSchema, {"seats_asked": 1_000_001}),
    (NeedSchema, {"seats_asked": 10**30}),
    (NeedSchema, {"seats_asked": 5.5}),
    (NeedSchema, {"seats_asked": "5"}),
    (NeedSchema, {"seats_asked": True}),
    (NeedSchema, {"seats_asked": float("nan")}),
    (NeedSchema, {"seats_asked": float("inf")}),
    (NeedSchema, {"seats_asked": [5]}),
    (NeedSchema, {"earliest": "2027-13-01"}),
    (NeedSchema, {"earliest": "20270301"}),
    (NeedSchema, {"earliest": "2027-W09-1"}),
    (NeedSchema, {"earliest": "2027-03-01\n"}),
    (NeedSchema, {"earliest": "1989-12-31"}),
    (NeedSchema, {"earliest": "2101-01-01"}),
    (NeedSchema, {"earliest": 20270301}),
    (NeedSchema, {"level": "expert"}),
    (NeedSchema, {"phase": "any"}),
    (NeedSchema, {"personnel": "troops"}),
    (NeedSchema, {"personnel": ["soldiers"]}),
    (NeedSchema, {"personnel": ["troops", "troops"]}),
    (NeedSchema, {"personnel": [None]}),
    (NeedSchema, {"languages": ["english language"]}),
    (NeedSchema, {"languages": ["fr\n"]}),
    (NeedSchema, {"areas": [f"A{number}" for number in range(301)]}),
    (NeedSchema, {"whole": "yes"}),
    (NeedSchema, {"whole": 1}),
    (OfferSchema, {"requires": [{"quantity": 1}]}),
    (OfferSchema, {"requires": [{"kind": "funds", "amount": 1}]}),
    (OfferSchema, {"requires": {}}),
    (OfferSchema, {"costs": {"flights": "provider"}}),
    (OfferSchema, {"costs": {"travel": "nobody"}}),
    (OfferSchema, {"sessions": [{"is_withdrawn": True}]}),
    (OfferSchema, {"sessions": [{"id": 4}]}),
    (OfferSchema, {"sessions": ["2027-04-05"]}),
    (OfferSchema, {"duration_days": 367}),
    (SupportSchema, {"kind": "funds", "quantity": 1.5}),
    (SupportSchema, {"kind": None}),
]


@pytest.mark.parametrize(("schema", "data"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_is_malformed_or_not_the_senders_is_refused_with_a_sentence_at_its_field(schema, data):
    base = {"title": "T"} | ({"kind": "funds"} if schema is SupportSchema else {})
    with pytest.raises(ValidationError) as refusal:
        schema().load(base | data)
    (field,) = set(data) - {"kind"} or {"kind"}
    assert set(refusal.value.normalized_messages()) == {field}


def test_something_that_is_no_object_is_refused():
    nothings: list[Any] = [[], "text", 5, None]
    for data in nothings:
        with pytest.raises(ValidationError):
            NeedSchema().load(data)


def test_texts_are_trimmed_and_may_hold_any_script():
    loaded = NeedSchema().load(
        {"title": "  消除简易爆炸装置 عربي é  ", "detail": "Two\nlines\twith \u2066a tab\u2069"}
    )
    assert loaded == {"title": "消除简易爆炸装置 عربي é", "detail": "Two\nlines\twith \u2066a tab\u2069"}


def test_five_point_zero_is_five():
    assert NeedSchema().load({"title": "T", "seats_asked": 5.0})["seats_asked"] == 5
