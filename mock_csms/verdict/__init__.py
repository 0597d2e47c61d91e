"""Expectations of a run, its verdict, and the reports."""
