"""Tests of the API have the whole application, on both engines."""

from tests.fixtures import (  # noqa: F401
    app,
    cheap_passwords,
    client,
    postgres_template,
    service_url,
    sqlite_template,
)
