"""What is seen in a clip's frames, and the numbers that follow from it: a kind of measure each."""
