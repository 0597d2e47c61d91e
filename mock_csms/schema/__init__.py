"""Payloads: validation by JSON schema, types generated from schemas, and merge patches."""
