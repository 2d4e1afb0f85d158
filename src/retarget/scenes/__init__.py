"""Things with shape and path, around a motion."""
