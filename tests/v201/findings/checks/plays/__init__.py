"""Scenes (scenes.py) in which a misbehaving station causes findings, a module for each functional block."""
