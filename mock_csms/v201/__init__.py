"""OCPP 2.0.1, apart from its handlers and commands."""
