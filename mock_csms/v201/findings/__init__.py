"""Checks of a station against the clauses of OCPP 2.0.1."""
