"""Payloads: validation by JSON schema, and types generated from it."""
