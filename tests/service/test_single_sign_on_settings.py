"""The settings of single sign-on: all of them or none, and an address that nobody on the way can change."""

from typing import Any

import pytest

from lcm_service import create_app
from lcm_service.config import Settings
from lcm_service.persistence.tables import ProviderLink
from tests.fixtures import SECRET

WHOLE = Settings(
    secret_key=SECRET,
    database_url="sqlite://",
    address="https://lcm.example.org",
    oidc_issuer="https://id.example.org/realm",
    oidc_client_id="lcm",
    oidc_client_secret="secret",
    oidc_name="Example",
)


def test_without_any_there_is_no_single_sign_on():
    assert (
        create_app(Settings(secret_key=SECRET, database_url="sqlite://")).config["IDENTITY_PROVIDER"] is None
    )


def test_all_of_them_name_the_provider_and_the_secret_is_not_shown():
    provider = create_app(WHOLE).config["IDENTITY_PROVIDER"]
    assert (provider.issuer, provider.name) == ("https://id.example.org/realm", "Example")
    assert "secret" not in repr(provider).replace("second_factor", "")


def test_words_for_the_second_factor_are_parted_by_commas():
    settings = Settings(**(vars(WHOLE) | {"oidc_second_factor_amr": " mfa, urn:example:gold,,"}))
    words = settings.read_identity_provider().second_factor_words
    assert words == {"mfa", "urn:example:gold"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"oidc_issuer": ""}, "LCM_OIDC_ISSUER"),
        ({"oidc_client_id": ""}, "LCM_OIDC_CLIENT_ID"),
        ({"oidc_client_secret": ""}, "LCM_OIDC_CLIENT_SECRET"),
        ({"oidc_name": ""}, "LCM_OIDC_NAME"),
        (
            {
                "oidc_issuer": "",
                "oidc_client_id": "",
                "oidc_client_secret": "",
                "oidc_name": "",
                "oidc_second_factor_amr": "mfa",
            },
            "half set",
        ),
        ({"address": ""}, "LCM_ADDRESS"),
        ({"oidc_name": "Exam\nple"}, "LCM_OIDC_NAME"),
        ({"oidc_client_secret": "pässword"}, "LCM_OIDC_CLIENT_SECRET"),
        ({"oidc_issuer": "http://id.example.org"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "http://localhost:8080"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.org/?a=b"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.org/#a"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.org/" + "a" * 478}, "more than 500"),
        ({"oidc_issuer": "https://10.0.0.1/"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "https://localhost/"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "id.example.org"}, "LCM_OIDC_ISSUER"),
        ({"oidc_issuer": "http://id.example.org", "demonstration": True}, "LCM_OIDC_ISSUER"),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_half_a_setting_or_a_wrong_one_is_told_at_the_start(change, words):
    with pytest.raises(ValueError, match=words):
        create_app(Settings(**(vars(WHOLE) | change)))


def test_the_longest_issuer_that_a_link_can_hold_is_taken():
    change = {"oidc_issuer": "https://id.example.org/" + "a" * 477}
    issuer = create_app(Settings(**(vars(WHOLE) | change))).config["IDENTITY_PROVIDER"].issuer
    column: Any = ProviderLink.__table__.c.issuer.type
    assert len(issuer) == column.length


def test_a_demonstration_may_have_its_provider_on_this_machine():
    change = {"oidc_issuer": "http://localhost:8080", "demonstration": True}
    assert create_app(Settings(**(vars(WHOLE) | change))).config["IDENTITY_PROVIDER"]
