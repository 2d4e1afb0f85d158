"""A skeleton's hierarchy and what its joints are: names, shape, roles, limbs; rotations found from places."""
