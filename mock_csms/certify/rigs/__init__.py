"""Rigs: a person at the terminal or at the page, a program, an HTTP service, a Python class."""
