"""One frame of a live stream, from the past alone."""
