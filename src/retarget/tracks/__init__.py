"""A robot motion at one rate: joints and links, positions and velocities, in named orders."""

from retarget.tracks.link_sets import LinkSet, link_set
from retarget.tracks.tracks import BodyTracks, Tracks, free_joint_rates, make_tracks

__all__ = ["BodyTracks", "LinkSet", "Tracks", "free_joint_rates", "link_set", "make_tracks"]
