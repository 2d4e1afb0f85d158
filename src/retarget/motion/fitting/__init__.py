"""What is constant about a skeleton, fitted from its motion: joint axes, lengths, the person, the bind pose."""
