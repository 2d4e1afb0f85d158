"""Windows of the whole-clip solve: their system, their active sets, and their march over a clip."""
