"""Whether a run met its expectations, and the reports on it."""
