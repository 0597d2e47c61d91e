"""OCPP 2.0.1, except for its handlers and commands."""
