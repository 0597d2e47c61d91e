"""Changes in scopes (X-Scope): the value in force, and the value after a scope is reverted."""

import pytest

from mock_csms.behaviour.layers import Layers


@pytest.fixture
def layers() -> Layers[str, int]:
    return Layers()


def test_last_written_value_is_in_force(layers: Layers[str, int]) -> None:
    layers.write("key", 1, "first")
    layers.write("key", 2, "second")
    layers.write("key", 3, "first")

    assert layers["key"] == 3


def test_value_falls_back_to_the_next_scope_and_then_to_none(layers: Layers[str, int]) -> None:
    layers.write("key", 0)
    layers.write("key", 1, "first")
    layers.write("key", 2, "second")

    layers.revert_scope("key", "second")
    assert layers["key"] == 1

    layers.revert_scope("key", "first")
    assert layers["key"] == 0


def test_covered_scope_that_is_taken_back_changes_nothing(layers: Layers[str, int]) -> None:
    layers.write("key", 1, "first")
    layers.write("key", 2, "second")

    layers.revert_scope("key", "first")
    assert layers["key"] == 2

    layers.revert_scope("key", "second")
    assert "key" not in layers


def test_later_change_without_a_scope_outlives_the_scope(layers: Layers[str, int]) -> None:
    layers.write("key", 1, "scope")
    layers.write("key", 2)

    layers.revert_scope("key", "scope")

    assert layers["key"] == 2


def test_scope_without_values_does_not_exist(layers: Layers[str, int]) -> None:
    layers.write("one", 1, "scope")
    layers.write("two", 2, "scope")
    assert (layers.scopes, layers.keys_of("scope"), layers.number) == (["scope"], ["one", "two"], 2)

    layers.revert_scope("one", "scope")
    layers.drop("two")

    assert (layers.scopes, layers.keys_of("scope"), layers.number, len(layers)) == ([], [], 0, 0)


def test_dropped_key_has_no_value_in_any_scope(layers: Layers[str, int]) -> None:
    layers.write("key", 1, "first")
    layers.write("key", 2)
    layers.write("other", 3, "first")

    layers.drop("key")
    layers.drop("unknown")

    assert (list(layers), layers.scopes) == (["other"], ["first"])
