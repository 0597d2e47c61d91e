"""Violations of the OCPP specification by a station, detected while it communicates."""
