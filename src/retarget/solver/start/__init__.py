"""A start for every frame, from several sides, that no frame before it can poison."""
