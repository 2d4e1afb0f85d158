"""Limits of joints and floor: what they are for a solve, and the last projection that keeps them."""
