"""Faults of recordings: frames that are lost, repeated or impossible, limbs that nobody recorded, other bodies."""
