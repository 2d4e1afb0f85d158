"""Damaged and hostile files of every kind that retarget reads, made from sound ones, and what must hold for each."""
