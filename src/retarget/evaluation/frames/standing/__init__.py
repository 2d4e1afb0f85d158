"""How the robot's feet stand and swing when the human's do."""
