"""Markers on a body: files of them, their names in many laboratories, and the joint centres below them."""
