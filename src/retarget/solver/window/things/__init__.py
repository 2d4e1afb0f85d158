"""Things that the robot stays out of: which are near a window, what they add to systems, active sets and multipliers.

A sphere of the robot that touches a shape is a mass that resists moving along one direction. Shapes may move: their
pose of each frame is given. Where a clip has no scene nothing of this is compiled: Numba leaves out what follows a test
for None.
"""
