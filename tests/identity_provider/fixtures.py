"""A provider at work for one test: each folder's conftest that needs it imports it."""

from collections.abc import Iterator

import pytest

from tests.identity_provider.local_provider import LocalProvider, serve_provider


@pytest.fixture
def local() -> Iterator[LocalProvider]:
    """An identity provider on a port of this machine, which a test may have misbehave."""
    with serve_provider() as provider:
        yield provider
