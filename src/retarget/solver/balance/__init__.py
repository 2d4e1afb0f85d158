"""How the centre of mass moves: as feet can push it where they stand, and freely in flight."""
