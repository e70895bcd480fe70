"""The flow against a provider at work: what it says is believed only if all of it is right."""

import json
import socket
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey

from lcm_service.domain.sign_in_terms import LONGEST_SIGN_IN
from lcm_service.identity_provider import asking
from lcm_service.identity_provider.asking import ProviderFault, TooManyAsk
from lcm_service.identity_provider.assertions import LONGEST_WORD_SECONDS
from lcm_service.identity_provider.provider import RequestSecrets
from tests.identity_provider.local_provider import (
    ANSWER_ADDRESS,
    CLIENT_ID,
    FALSE_KEY,
    KEYS,
    drips,
    leads_on_to,
    never_ends,
    part_of_token,
    says,
    serve_provider,
    sign_in_there,
    stays_silent,
)

REQUEST = RequestSecrets("state-" + "s" * 40, "nonce-" + "n" * 40, "verifier-" + "v" * 40)
DESCRIPTION, TOKEN, JWKS = "/.well-known/openid-configuration", "/token", "/jwks"


def walk(local, provider=None, request=REQUEST, *, anew=False, **changes):
    """Sign in at the provider, and redeem what it sends back."""
    provider = provider or local.provider(**changes)
    back = sign_in_there(provider.request_address(ANSWER_ADDRESS, REQUEST, asks_anew=anew))
    return provider.redeem(back["code"], back.get("iss", ""), ANSWER_ADDRESS, request, was_asked_anew=anew)


def in_seconds(seconds):
    """A moment, worked out when the token is signed."""
    return lambda now: now + seconds


class Clock:
    """The clock by which the questions are bounded, which a test puts forward."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(asking, "monotonic", lambda: self.now)

    def go_on(self, seconds):
        self.now += seconds


def refuse(local, words, **changes):
    with pytest.raises(ProviderFault, match=words):
        walk(local, **changes)


class TestTheWayThere:
    def test_who_signs_in_there_is_known_by_issuer_and_subject(self, local):
        identity = walk(local)
        assert (identity.issuer, identity.subject) == (local.issuer, local.subject)
        assert not identity.has_second_factor

    def test_the_request_asks_for_nothing_but_who_it_is_and_shows_the_challenge_alone(self, local):
        address = local.provider().request_address(ANSWER_ADDRESS, REQUEST)
        asked = dict(parse_qsl(urlsplit(address).query))
        assert (asked["scope"], asked["response_type"], asked["code_challenge_method"]) == (
            "openid",
            "code",
            "S256",
        )
        assert (asked["state"], asked["nonce"]) == (REQUEST.state, REQUEST.nonce)
        assert REQUEST.verifier not in address
        assert "prompt" not in asked

    def test_whoever_links_is_asked_to_sign_in_anew(self, local):
        address = local.provider().request_address(ANSWER_ADDRESS, REQUEST, asks_anew=True)
        asked = dict(parse_qsl(urlsplit(address).query))
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")

    @pytest.mark.parametrize("moment", [in_seconds(-350), in_seconds(50)])
    def test_a_link_is_believed_of_whoever_was_asked_just_now(self, local, moment):
        local.claims["auth_time"] = moment
        assert walk(local, anew=True)

    @pytest.mark.parametrize(
        "moment",
        [None, in_seconds(-400), in_seconds(120), 1, "now", True, float("nan"), float("inf"), [1], 10**400],
        ids=["none", "old", "future", "1970", "text", "true", "nan", "infinity", "list", "large"],
    )
    def test_a_provider_that_did_not_ask_anew_links_nobody(self, local, moment):
        local.claims["auth_time"] = moment
        refuse(local, "did not ask the person anew|auth_time", anew=True)

    def test_the_provider_refuses_another_verifier(self, local):
        other = RequestSecrets(REQUEST.state, REQUEST.nonce, "another-" + "v" * 40)
        refuse(local, "invalid_grant", request=other)

    def test_a_code_is_good_once(self, local):
        provider = local.provider()
        code = sign_in_there(provider.request_address(ANSWER_ADDRESS, REQUEST))["code"]
        provider.redeem(code, "", ANSWER_ADDRESS, REQUEST)
        with pytest.raises(ProviderFault, match="invalid_grant"):
            provider.redeem(code, "", ANSWER_ADDRESS, REQUEST)

    def test_a_wrong_secret_of_the_client_is_refused(self, local):
        refuse(local, "invalid_client", client_secret="wrong")

    def test_the_secret_goes_in_the_form_where_the_provider_wants_it_there(self, local):
        local.description["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        assert walk(local).subject == local.subject

    def test_keys_may_change_between_two_sign_ins(self, local):
        provider = local.provider()
        assert walk(local, provider)
        local.published, local.signing_key = [dict(FALSE_KEY.as_dict(private=False))], FALSE_KEY
        assert walk(local, provider)

    @pytest.mark.parametrize("alg", ["RS256", "RS512", "PS256"])
    def test_signatures_of_a_key_pair_are_taken(self, local, alg):
        local.header["alg"] = alg
        assert walk(local)


class TestTheIdToken:
    @pytest.mark.parametrize(
        ("claims", "words"),
        [
            ({"nonce": "another"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"aud": "another client"}, "aud"),
            ({"aud": ["another client"]}, "aud"),
            ({"aud": [CLIENT_ID, "another client"]}, "azp"),
            ({"aud": [CLIENT_ID, "another client"], "azp": "another client"}, "azp"),
            ({"aud": None}, "aud"),
            ({"iss": "https://elsewhere.example.org"}, "iss"),
            ({"iss": None}, "iss"),
            ({"exp": in_seconds(-3600)}, "exp"),
            ({"exp": None}, "exp"),
            ({"exp": "tomorrow"}, "exp"),
            ({"exp": float("inf")}, "exp"),
            ({"iat": in_seconds(3600)}, "issued in the future"),
            ({"nbf": in_seconds(3600)}, "not yet valid"),
            ({"sub": None}, "sub"),
            ({"sub": ""}, "nobody"),
            ({"sub": 7}, "sub"),
            ({"sub": "x" * 256}, "nobody"),
            ({"sub": "\ud800"}, "nobody"),
            ({"sub": "a\0b"}, "nobody"),
            ({"sub": "a\nb"}, "nobody"),
            ({"sub": "é"}, "nobody"),
            ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
            ({"amr": "mfa"}, "amr"),
        ],
        ids=lambda value: None if isinstance(value, str) else "-".join(value),
    )
    def test_a_wrong_claim_is_refused(self, local, claims, words):
        local.claims |= claims
        refuse(local, words)

    def test_a_clock_may_be_a_minute_wrong(self, local):
        local.claims |= {"exp": in_seconds(-30), "iat": in_seconds(30)}
        assert walk(local)

    def test_a_token_that_nobody_signed_is_refused(self, local):
        local.header = {"alg": "none"}
        refuse(local, "'none' is not allowed")

    def test_the_public_key_is_no_shared_secret(self, local):
        local.header = {"alg": "HS256", "kid": "first"}
        refuse(local, "'HS256' is not allowed")

    def test_a_published_shared_secret_is_not_taken_for_a_key(self, local):
        local.published = [dict(OctKey.generate_key(256, {"kid": "first"}).as_dict(private=True))]
        refuse(local, "no key")

    def test_a_key_of_somebody_else_under_the_same_name_is_refused(self, local):
        local.signing_key = FALSE_KEY
        refuse(local, "bad_signature")

    def test_another_key_of_the_set_is_refused(self, local):
        local.signing_key = KEYS[1]
        refuse(local, "bad_signature")

    def test_a_key_that_the_token_brings_along_is_not_taken(self, local):
        address = f"{local.issuer}/false-keys"
        brought = {"jwk": FALSE_KEY.as_dict(private=False), "jku": address}
        local.header, local.signing_key = local.header | brought, FALSE_KEY
        local.answers["/false-keys"] = says(json.dumps({"keys": [FALSE_KEY.as_dict(private=False)]}))
        refuse(local, "bad_signature|exceeds")
        assert "GET /false-keys" not in local.asked

    @pytest.mark.parametrize("kid", ["third", None])
    def test_a_token_that_names_none_of_several_keys_is_refused(self, local, kid):
        local.header = {"alg": "RS256"} | ({"kid": kid} if kid else {})
        refuse(local, "invalid_key_id")

    def test_a_short_key_is_not_taken(self, local):
        # Weak on purpose.
        pair = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
        pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.warns(SecurityWarning):
            weak = RSAKey.import_key(pem, {"kid": "first"})
        local.published, local.signing_key = [dict(weak.as_dict(private=False))], weak
        refuse(local, "no key")

    def test_a_key_for_encryption_is_not_taken(self, local):
        local.published = [key | {"use": "enc"} for key in local.published]
        refuse(local, "no key")

    @pytest.mark.parametrize(
        "keys",
        [
            None,
            {},
            "keys",
            [],
            [7],
            [{"kty": "RSA"}],
            [{"kty": "RSA", "n": "!", "e": []}],
            [{"kty": "EC", "crv": 7}],
        ],
        ids=repr,
    )
    def test_a_malformed_set_of_keys_is_refused(self, local, keys):
        local.answers[JWKS] = says(json.dumps({"keys": keys}))
        refuse(local, "no key")

    @pytest.mark.parametrize(
        "key",
        [{"kty": "AKP", "alg": "ML-DSA-44", "kid": "later"}, {"kty": ["RSA"]}, {"kty": {}}, {"kty": None}],
        ids=repr,
    )
    def test_a_key_that_cannot_be_read_is_passed_over(self, local, key):
        local.published.insert(0, key)
        assert walk(local)

    @pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "....", "e30.e30.e30", "[.[.["])
    def test_what_is_no_token_is_refused(self, local, text):
        local.answers[TOKEN] = says(json.dumps({"access_token": "x", "id_token": text}))
        refuse(local, "not to be believed")

    def test_a_header_that_must_be_understood_and_is_not_is_refused(self, local):
        good = local.sign

        def sign(claims):
            _, payload, signature = good(claims).split(".")
            header = {"alg": "RS256", "kid": "first", "crit": ["lcm"], "lcm": 1}
            return ".".join((part_of_token(header), payload, signature))

        local.sign = sign
        refuse(local, "Unsupported \\['lcm'\\] in header")


class TestTheSecondFactor:
    @pytest.mark.parametrize(
        ("claims", "words", "is_proven"),
        [
            ({"amr": ["pwd", "otp"]}, {"otp"}, True),
            ({"acr": "urn:example:gold"}, {"urn:example:gold"}, True),
            ({"amr": ["pwd", "otp"]}, set(), False),
            ({"amr": ["pwd"]}, ["otp", "mfa"], False),
            ({"amr": ["MFA"]}, {"mfa"}, False),
            ({"acr": "urn:example:silver"}, {"urn:example:gold"}, False),
            ({"acr": ["mfa"]}, {"mfa"}, False),
            ({"amr": [["mfa"], None, 7]}, {"mfa"}, False),
            ({}, {"mfa"}, False),
        ],
        ids=repr,
    )
    def test_only_words_of_the_settings_stand_for_one(self, local, claims, words, is_proven):
        local.claims |= claims
        identity = walk(local, second_factor_words=frozenset(words))
        assert identity.has_second_factor is is_proven

    @pytest.mark.parametrize(
        ("moment", "is_proven"),
        [
            (None, False),
            (in_seconds(-13 * 3600), False),
            (in_seconds(-11 * 3600), True),
            (in_seconds(3600), False),
        ],
        ids=["not stated", "old", "of today", "future"],
    )
    def test_its_word_counts_as_long_as_a_sign_in_here_lasts(self, local, moment, is_proven):
        local.claims |= {"amr": ["mfa"], "auth_time": moment}
        identity = walk(local, second_factor_words=frozenset({"mfa"}))
        assert identity.has_second_factor is is_proven

    def test_it_is_asked_for_no_older_word_and_only_where_it_counts(self, local):
        assert LONGEST_SIGN_IN.total_seconds() == LONGEST_WORD_SECONDS
        for words, oldest in ((frozenset({"mfa"}), str(LONGEST_WORD_SECONDS)), (frozenset(), None)):
            address = local.provider(second_factor_words=words).request_address(ANSWER_ADDRESS, REQUEST)
            assert dict(parse_qsl(urlsplit(address).query)).get("max_age") == oldest


class TestTheDescription:
    @pytest.mark.parametrize(
        ("description", "words"),
        [
            ({"issuer": "https://elsewhere.example.org"}, "another issuer"),
            ({"issuer": None}, "another issuer"),
            ({"token_endpoint": None}, "not safe"),
            ({"token_endpoint": "http://provider.example.org/token"}, "not safe"),
            ({"authorization_endpoint": "javascript:alert(1)"}, "not safe"),
            ({"authorization_endpoint": "https://a@provider.example.org/"}, "not safe"),
            ({"authorization_endpoint": "https://provider.example.org/\r\nX: y"}, "not safe"),
            ({"jwks_uri": ["https://provider.example.org/jwks"]}, "not safe"),
            ({"jwks_uri": "file:///etc/passwd"}, "not safe"),
            ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
            ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "secret"),
        ],
        ids=repr,
    )
    def test_one_that_cannot_be_relied_on_is_refused_before_anybody_is_sent_there(
        self, local, description, words
    ):
        local.description |= description
        with pytest.raises(ProviderFault, match=words):
            local.provider().request_address(ANSWER_ADDRESS, REQUEST)

    def test_only_a_provider_on_this_machine_may_name_addresses_on_it(self):
        assert asking.is_safe("http://localhost:9/token", with_this_machine=True)
        for address in ("http://localhost:9/token", "http://127.0.0.1/", "http://[::1]/"):
            assert not asking.is_safe(address, with_this_machine=False)
        for address in (
            "http://localhost.example.org/",
            "http://10.0.0.1/",
            "https://",
            "https://x:y/",
            None,
        ):
            assert not asking.is_safe(address, with_this_machine=True)

    @pytest.mark.parametrize(
        "host",
        ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]",
         "10.0.0.1", "169.254.169.254", "[2001:db8::1]", "192.0.2.1."],
    )  # fmt: skip
    def test_also_by_tls_nobody_names_this_machine_or_a_number(self, host):
        assert not asking.is_safe(f"https://{host}:8443/token", with_this_machine=False)

    def test_by_tls_a_name_is_safe_and_a_demonstration_may_name_this_machine(self):
        for host in ("id.example.org", "id1.example.org", "1.example.org", "xn--4ca.example.org"):
            assert asking.is_safe(f"https://{host}/token", with_this_machine=False)
        assert asking.is_safe("https://localhost:8443/token", with_this_machine=True)
        assert not asking.is_safe("https://10.0.0.1/token", with_this_machine=True)

    def test_the_issuer_that_comes_with_the_answer_must_be_the_one_that_was_asked(self, local):
        provider = local.provider()
        code = sign_in_there(provider.request_address(ANSWER_ADDRESS, REQUEST))["code"]
        with pytest.raises(ProviderFault, match="another issuer"):
            provider.redeem(code, "https://elsewhere.example.org", ANSWER_ADDRESS, REQUEST)
        local.description["authorization_response_iss_parameter_supported"] = True
        with pytest.raises(ProviderFault, match="another issuer"):
            provider.redeem(code, "", ANSWER_ADDRESS, REQUEST)
        assert provider.redeem(code, local.issuer, ANSWER_ADDRESS, REQUEST)


class TestTheLine:
    @pytest.mark.parametrize("path", [DESCRIPTION, TOKEN, JWKS])
    @pytest.mark.parametrize(
        ("content", "status"),
        [
            ("<html>", 200),
            ("[]", 200),
            ("", 200),
            ("[" * 100_000, 200),
            (b"\xff\xfe{", 200),
            ("{}", 500),
            ('{"a": ' + "9" * 5000 + "}", 200),
        ],
        ids=["html", "list", "nothing", "deep", "no text", "fault", "long number"],
    )
    def test_what_is_no_answer_is_refused(self, local, path, content, status):
        local.answers[path] = says(content, status)
        refuse(local, "answers|refused")

    @pytest.mark.parametrize("path", [DESCRIPTION, TOKEN, JWKS])
    def test_no_answer_leads_on_to_another_address(self, local, path):
        with serve_provider() as other:
            local.answers[path] = leads_on_to(other.issuer + path)
            refuse(local, "leads on")
            assert other.asked == []

    @pytest.mark.parametrize("path", [DESCRIPTION, TOKEN, JWKS])
    def test_an_answer_without_end_is_cut(self, local, path):
        local.answers[path] = never_ends
        refuse(local, "more than")

    @pytest.mark.parametrize("path", [DESCRIPTION, TOKEN, JWKS])
    def test_an_answer_that_drips_is_cut_off(self, local, path, monkeypatch):
        monkeypatch.setattr(asking, "LONGEST_ANSWER_SECONDS", 0.3)
        local.answers[path] = drips(local)
        refuse(local, "took too long")

    def test_all_addresses_of_a_host_share_the_time_of_one_question(self, local, monkeypatch):
        clock = Clock(monkeypatch)
        waits = []

        class Hanging(socket.socket):
            def connect(self, _address):
                waits.append(self.gettimeout())
                clock.now += self.gettimeout()
                raise TimeoutError("timed out")

        monkeypatch.setattr(asking, "LONGEST_SILENCE_SECONDS", 4.0)
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 443))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_about, **_more: [address] * 8)
        monkeypatch.setattr(socket, "socket", Hanging)
        with pytest.raises(ProviderFault, match="took too long"):
            local.provider().request_address(ANSWER_ADDRESS, REQUEST)
        assert waits == [4.0, 4.0, 2.0]

    def test_all_questions_of_a_turn_share_its_time(self, local, monkeypatch):
        clock = Clock(monkeypatch)
        local.answers[TOKEN] = lambda: clock.go_on(asking.LONGEST_TURN_SECONDS)
        refuse(local, "took too long")
        assert "POST /token" in local.asked
        assert "GET /jwks" not in local.asked

    def test_few_ask_at_once_and_others_are_told_so_at_once(self, local):
        provider = local.provider()
        code = sign_in_there(provider.request_address(ANSWER_ADDRESS, REQUEST))["code"]
        local.asked.clear()
        with asking.turn(), asking.turn():
            for ask in (
                lambda: provider.request_address(ANSWER_ADDRESS, REQUEST),
                lambda: provider.redeem(code, "", ANSWER_ADDRESS, REQUEST),
            ):
                with pytest.raises(TooManyAsk):
                    ask()
        assert local.asked == []
        assert provider.redeem(code, "", ANSWER_ADDRESS, REQUEST)

    def test_a_turn_that_ends_in_a_fault_is_given_back(self, local):
        local.answers[DESCRIPTION] = says("", 503)
        for _ in range(asking.MOST_ASKERS + 1):
            refuse(local, "answers with no JSON")

    @pytest.mark.parametrize(("scheme", "port"), [("https", 443), ("http", 80)])
    def test_the_port_of_an_address_in_brackets_is_that_of_the_scheme(self, monkeypatch, scheme, port):
        asked = []

        def find(host, asked_port, **_more):
            asked.append((host, asked_port))
            raise OSError("nobody")

        monkeypatch.setattr(socket, "getaddrinfo", find)
        with asking.turn() as until, pytest.raises(ProviderFault, match="nobody"):
            asking.ask_json(f"{scheme}://[2001:db8::1]/keys", until)
        assert asked == [("2001:db8::1", port)]

    def test_a_silent_provider_is_not_waited_for(self, local, monkeypatch):
        monkeypatch.setattr(asking, "LONGEST_SILENCE_SECONDS", 0.2)
        local.answers[DESCRIPTION] = stays_silent(local)
        refuse(local, "does not answer")

    def test_nobody_at_the_address_is_a_fault_like_others(self, local):
        with serve_provider() as other:
            address = other.issuer
        refuse(local, "does not answer", issuer=address)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, local, tls_address):
        refuse(local, "CERTIFICATE_VERIFY_FAILED", issuer=tls_address)

    def test_neither_a_proxy_nor_a_password_is_taken_from_the_environment(self, local, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert walk(local)
