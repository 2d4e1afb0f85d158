"""Animated skeletons in scene files."""
