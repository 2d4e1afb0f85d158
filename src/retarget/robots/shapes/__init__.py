"""Collision shapes of a robot: capsules, pairs that stay apart, and spheres that touch."""
