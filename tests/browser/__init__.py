"""Tests of the page in Chromium; a suite of its own, which `task test-browser` runs."""

from importlib.util import find_spec

import pytest

if find_spec("playwright") is None:
    pytest.exit("Playwright is not installed; run make test-browser, or poetry install --with browser", 4)
