"""What is known of a station, across its connections."""
