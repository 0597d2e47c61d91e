"""Findings by the clauses of OCPP 2.0.1."""
