"""Helpers that several test modules share."""

import pytest

pytest.register_assert_rewrite("tests.support.control", "tests.support.wire")
