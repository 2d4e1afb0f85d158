"""Kernels over plain arrays that know of no motion: quantiles, spans, rotations, hinges, poses of a hierarchy."""
