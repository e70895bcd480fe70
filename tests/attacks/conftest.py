"""Attacks meet the whole application, on both engines."""

from tests.fixtures import (  # noqa: F401
    app,
    built_apps,
    cheap_passwords,
    client,
    postgres_database,
    postgres_template,
    service_url,
    sqlite_database,
    sqlite_template,
)
