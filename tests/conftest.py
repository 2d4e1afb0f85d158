"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# Speed is for the benchmarks: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
