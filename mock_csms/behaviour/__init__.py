"""Deliberate behaviour of the mock: rules, faults, tokens and templates."""
