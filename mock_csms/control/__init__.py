"""The control API: what a test in any language drives the mock with, and asks it."""
