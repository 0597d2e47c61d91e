"""State of the stations, kept across their connections."""
