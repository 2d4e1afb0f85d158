"""The solver: kinematics kernels, a start for every frame, and one optimisation over the whole clip."""
