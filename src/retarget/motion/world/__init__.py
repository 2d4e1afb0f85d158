"""From a file's world to ours: units, up axis, origin, and whether the body travels."""
