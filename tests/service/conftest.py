"""Tests of the services have the whole application, on both engines."""

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
from tests.identity_provider.fixtures import local  # noqa: F401
from tests.service.round_fixtures import actor, round_  # noqa: F401
