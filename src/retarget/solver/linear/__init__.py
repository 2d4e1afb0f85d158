"""Linear algebra of a window: a banded factorisation and the tiles that it works through."""
