"""Compiled code: kernels, packs of frames, room on the stack, and a cache that processes share."""
