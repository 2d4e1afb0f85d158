"""How the robot follows the human: directions, orientations, trunk, places, time."""
