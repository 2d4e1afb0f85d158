"""The robot's kinematics: poses of bodies, systems on the tree, distances between bodies."""
