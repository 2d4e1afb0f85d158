"""Looking at clips in a browser: what is shown, how it plays, and what people decide about it."""
