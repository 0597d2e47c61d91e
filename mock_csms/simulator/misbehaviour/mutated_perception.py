"""Deviations of the mutations ``believe`` and ``overlook``: a station acts on other values of variables, or
does not notice steps of people or of the network.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.misbehaviour.deviations import Deviation
from mock_csms.simulator.station import SimulatedStation

type NameOfVariable = tuple[str, str, str | None]
"""Component, variable and instance."""


@dataclass(frozen=True)
class BelieveValues(Deviation):
    """Act on values of variables other than the values that are set.

    ``action``, ``when`` and ``limit`` are ignored.
    """

    _: KW_ONLY
    values: Mapping[NameOfVariable, str]

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        variables = station.core.variables
        before = variables.acted_on

        def acted_on(key: Key) -> str:
            believed = self.values.get(key[:3])
            return before(key) if believed is None else believed

        variables.acted_on = acted_on


@dataclass(frozen=True)
class OverlookStep(Deviation):
    """Do not react to a step of a person or of the network.

    ``action`` is the verb of the step, and ``when`` tests its arguments.
    """

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        is_due, before = self.selector(), station.notices
        station.notices = lambda verb, arguments: (
            not is_due(verb, dict(arguments)) and before(verb, arguments)
        )
