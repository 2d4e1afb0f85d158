"""What no humanoid can have, found in a model's numbers and said: ranges, speeds, masses, proportions, legs."""
