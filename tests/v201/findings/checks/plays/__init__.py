"""Scenes in which a misbehaving station shows its findings, one module for each functional block."""
