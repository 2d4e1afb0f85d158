"""Targets: what each robot segment should follow, in the robot's size, and where standing feet are held."""
