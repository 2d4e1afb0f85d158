"""Pictures of humans and robots: bodies as capsules, how they stand to each other, and a painter that needs no display.

What film strips, videos and the browser viewer show is made here, so that it looks the same everywhere.
"""
