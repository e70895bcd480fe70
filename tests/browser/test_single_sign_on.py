"""Single sign-on in a real browser: the content policy lets it there, and the cookie comes back with it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from tests import factories
from tests.browser.serving import Visitor
from tests.identity_provider.fixtures import local  # noqa: F401
from tests.identity_provider.local_provider import NAME, LocalProvider

OBSERVER = "observer@example.org"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_links_the_account_signs_out_and_signs_in_by_the_provider(
    service: Flask,
    root: str,
    visit: Callable[..., Visitor],
    local: LocalProvider,  # noqa: F811
    javascript: bool,
) -> None:
    service.config["SETTINGS"] = replace(service.config["SETTINGS"], **local.settings(root))
    service.config["IDENTITY_PROVIDER"] = local.provider()
    local.client.redirect_addresses = [f"{root}/sign-in/answer"]
    someone = visit(java_script_enabled=javascript, viewport={"width": 320, "height": 800})
    page = someone.page

    someone.sign_in(OBSERVER)
    someone.visit("/account")
    someone.press("Link the accounts")
    page.locator("#present_password").fill(factories.PASSWORD)
    someone.press("Go on")
    page.wait_for_url(f"{local.issuer}/authorize?**")
    page.get_by_role("button", name="Yes, it is me").click()
    page.wait_for_url(f"{root}/account")
    assert "The accounts are linked." in page.inner_text("main")

    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{root}/sign-in?next=/rounds")
    someone.press(f"Sign in with {NAME}")
    page.wait_for_url(f"{local.issuer}/authorize?**")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(f"{root}/sign-in**")
    assert "broken off or refused" in page.inner_text("main")
    page.goto(f"{root}/sign-in?next=/rounds")
    someone.press(f"Sign in with {NAME}")
    page.wait_for_url(f"{local.issuer}/authorize?**")
    page.get_by_role("button", name="Yes, it is me").click()
    page.wait_for_url(f"{root}/rounds")
    assert someone.hidden_width() == 0
    # The provider is the one place elsewhere that was asked.
    assert [one for one in someone.complaints if local.issuer not in one] == []
