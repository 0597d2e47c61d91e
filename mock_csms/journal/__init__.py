"""What happened: every frame, the counts, and where they go."""
