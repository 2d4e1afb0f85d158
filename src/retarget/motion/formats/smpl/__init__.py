"""Motions of the SMPL family: body trees, the user's own body models, and the layouts that tools write."""
