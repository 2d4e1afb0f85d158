"""Skeletons as recorders solve them: Xsens' MVNX and OptiTrack's Motive tables."""
