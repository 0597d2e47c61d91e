"""Checks of OCPP 2.0.1 stations, one module for each subject."""
