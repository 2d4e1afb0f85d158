"""The ground of a recording: feet at rest, a floor that is tilted or drifts, toes, falls, and what carries the body."""
