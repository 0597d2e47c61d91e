"""Stimuli: actions at a station, such as plugging in; rigs: persons, programs or devices that do them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol


@dataclass(frozen=True, slots=True)
class Stimulus:
    """An action or observation at the station that a person or a rig is asked for."""

    name: str
    """A name of `STIMULI`, such as ``plug-in``."""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The request that asks a person for the stimulus."""
        option = next((name for name in OPTIONAL_REQUESTS if self.parameters.get(name) == "yes"), None)
        more = OPTIONAL_REQUESTS[option] if option else ""
        return STIMULI[self.name].format_map({**DEFAULTS, **self.parameters}) + more

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{name}={value}" for name, value in self.parameters.items())])


DEFAULTS: Final = {"evse": 1, "connector": 1, "seconds": 3}

STIMULI: Final[Mapping[str, str]] = {
    "park": "Drive a vehicle into the bay of EVSE {evse}.",
    "leave": "Drive the vehicle out of the bay of EVSE {evse}.",
    "plug-in": "Plug the cable in: vehicle and connector {connector} of EVSE {evse}.",
    "unplug": "Unplug the cable of EVSE {evse} at the station.",
    "unplug-at-ev": "Unplug the cable of EVSE {evse} at the vehicle, and leave it plugged in at the station.",
    "plug-in-at-ev": "Plug the cable of EVSE {evse} into the vehicle again.",
    "end-at-ev": "Let the vehicle at EVSE {evse} end the session.",
    "present": "Present the token {token} (type {type}) for EVSE {evse}.",
    "choose": "Choose at the station to stop {choice}.",
    "plug-and-charge": "Plug in a vehicle with a contract certificate at EVSE {evse}.",
    "pause": "Let the vehicle at EVSE {evse} stop taking energy.",
    "resume": "Let the vehicle at EVSE {evse} take energy again.",
    "renegotiate": "Let the vehicle at EVSE {evse} ask for new charging limits.",
    "fault": "Cause a fault of connector {connector} of EVSE {evse}.",
    "jam-lock": "Keep the lock of connector {connector} of EVSE {evse} from closing, for example with a plug "
    "that is not pushed in fully.",
    "free-lock": "Let the lock of connector {connector} of EVSE {evse} close again.",
    "repair": "Clear the fault of connector {connector} of EVSE {evse}.",
    "offline": "Cut the network of the station.",
    "online": "Restore the network of the station.",
    "power-cycle": "Cut the power of the station for {seconds} s, and restore it.",
    "site-limit": "Set an external limit of {amperes} A for the station.",
    "no-site-limit": "Remove the external limit of the station.",
    "confirm": "Look at the station. Is this true: {question}",
}
"""The request to a person for each stimulus."""

OPTIONAL_REQUESTS: Final[Mapping[str, str]] = {
    "install": " The vehicle has no contract certificate yet, and asks for one first.",
    "update": " The vehicle asks for a newer contract certificate first.",
}
"""Sentence to add to the request to a person, by the parameter that adds it when its value is ``yes``."""


class CannotDo(Exception):
    """A rig cannot give a stimulus; the message is the reason."""


class RigFailed(Exception):
    """A rig does not work; the message is the reason."""


class Rig(Protocol):
    """Gives stimuli to a station."""

    async def do(self, stimulus: Stimulus) -> None:
        """Give a stimulus and return when it has been given; raises CannotDo.

        Any other exception is a fault of the rig.
        """


class NoHands:
    """The rig of a run without a person: it can give no stimulus."""

    async def do(self, stimulus: Stimulus) -> None:
        """Raise CannotDo."""
        raise CannotDo(f"--no-hands leaves this out: {stimulus.text}")


class IdleRig:
    """A rig for stimuli that have been given already."""

    async def do(self, stimulus: Stimulus) -> None:
        """Do nothing."""
