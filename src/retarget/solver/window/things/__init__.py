"""Things that the robot stays out of: which are near a window, rows of its system, active sets and multipliers.

A sphere of the robot that touches a shape is one row that only its own limb and the base take part in. Shapes may move:
their pose of each frame is given. Where a clip has no scene nothing of this is compiled: Numba leaves out what follows
a test for None.
"""
