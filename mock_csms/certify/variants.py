"""The table of variants: for which cases the simulated station differs from the usual one, and how.

One TOML file per block: ``[TC_B_28_CS]`` with ``variables`` of the device model and ``ways``, misbehaviours
that imitate a station of the kind that the case needs, such as one without a feature. ``setup`` has
parameters of `mock_csms.simulator.core.Setup`, and ``security_profile`` is the security profile of the first
connection. With ``alone``, no other case runs beside the case, because it changes the server for all
stations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self

from mock_csms.certify.block_tables import read_block_tables


@dataclass(frozen=True, slots=True)
class BoxVariant:
    """Differences of a simulated station from the usual one."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Values from the start, by component and variable such as ``EVSE.AllowReset``."""
    ways: tuple[str, ...] = ()
    """Misbehaviours in the format of ``--misbehave``, which imitate a station of this kind."""
    setup: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters of `mock_csms.simulator.core.Setup`."""
    security_profile: int = 0
    is_alone: bool = False
    """Whether no other case may run beside the case."""

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Self:
        """Make a variant from a TOML table."""
        return cls(
            dict(table.get("variables", {})),
            tuple(table.get("ways", ())),
            dict(table.get("setup", {})),
            int(table.get("security_profile", 0)),
            bool(table.get("alone", False)),
        )


USUAL: Final = BoxVariant()


@cache
def all_variants() -> Mapping[str, BoxVariant]:
    """Read the variants by case id; cases with the usual simulated station have none."""
    tables = read_block_tables("variants")
    return {case_id: BoxVariant.of_table(table) for case_id, table in tables.items()}
