"""Rehearsal of the test cases that a charging station meets in its certification for OCPP 2.0.1."""
