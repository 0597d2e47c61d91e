"""Tests of the documentation in docs/: the site builds, and the claims of the pages are tried."""
