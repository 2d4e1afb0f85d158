"""Settings of all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Speed is for the benchmarks: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute begins first, so that no process waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_distribution.py")
