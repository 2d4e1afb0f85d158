"""What a motion needs of its contacts, and what they can give."""
