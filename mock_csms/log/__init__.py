"""The log that people watch."""
