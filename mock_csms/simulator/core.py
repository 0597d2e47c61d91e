"""State and services shared by the functional blocks: time, sending, device model, EVSEs, signals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, Literal, Protocol

from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.alarms import Alarms
from mock_csms.simulator.device_model import LocalDeviceModel, Nameplate
from mock_csms.simulator.evses import EvseConnector, Evses
from mock_csms.simulator.host import Host, Timer
from mock_csms.simulator.outbox import Request, StationOutbox
from mock_csms.simulator.security_setup import NO_SECURITY, SecuritySetup
from mock_csms.simulator.signals import Signal
from mock_csms.text import timestamp

MAX_SERIAL_NUMBER: Final = 25
"""Maximum characters of a serial number (BootNotification)."""


type UpdateWhileCharging = Literal["no", "download", "install"]


class Link(Protocol):
    """Opens and closes the WebSocket of a station."""

    def open(self) -> None:
        """Connect, and connect again whenever the connection is lost."""

    def close(self) -> None:
        """Disconnect and stay disconnected."""

    def drop(self) -> None:
        """Lose the connection without a closing handshake, as in a power cut, and stay disconnected."""


class NoLink:
    """A Link that does nothing, for a station without a network."""

    def open(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""


NO_LINK: Final = NoLink()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Parameters that a station is built from."""

    identity: str
    url: str
    """Address of the central system, without the identity."""
    evses: int = 2
    connectors: int = 1
    speed: float = 1.0
    """Factor by which drivers, restarts and installations are faster; OCPP timers are not scaled."""
    message_timeout_s: int = 30
    """Seconds until a message counts as unanswered; a new network profile may change it."""
    vendor: str = "Mock"
    model: str = "Station"
    serial_number: str = ""
    firmware_version: str = "1.0.0"
    max_power_w: float = Nameplate.max_power_w
    """Maximum power of each EVSE."""
    security: SecuritySetup = NO_SECURITY
    update_while_charging: UpdateWhileCharging = "download"
    """Parts of a firmware update that may run during a transaction: none ("no"), only the download
    ("download"), or the download and the installation ("install").
    """
    cancels_updates: bool = True
    """Whether a new firmware update cancels the running one (L01.FR.24) or is rejected (L01.FR.27)."""
    customer_identifiers: tuple[str, ...] = ("CUSTOMER-1",)
    """Customers that the station has data about, by customerIdentifier."""

    @property
    def nameplate(self) -> Nameplate:
        """Identity and ratings for the device model."""
        return Nameplate(
            identity=self.identity,
            vendor=self.vendor,
            model=self.model,
            serial_number=self.serial_number or self.identity[:MAX_SERIAL_NUMBER],
            firmware_version=self.firmware_version,
            security_profile=self.security.profile,
            password=self.security.password,
            max_power_w=self.max_power_w,
        )


def raise_error(_: str, error: Exception) -> None:
    """Raise the exception of an activity: the default of `Core.on_error`."""
    raise error


class Core:
    """State and services shared by the functional blocks of one station."""

    def __init__(
        self, setup: Setup, host: Host, random: Random, variables: LocalDeviceModel, outbox: StationOutbox
    ) -> None:
        self.setup = setup
        self.host = host
        self.random = random
        self.variables = variables
        self.outbox = outbox
        self.evses = Evses.build(setup.evses, setup.connectors)
        self.clock_offset_s = 0.0
        """Seconds by which the central system's time is ahead of the host's clock (B01.FR.06, G02)."""
        self._alarms = Alarms(self.now, self.after)
        self.is_connected = False
        """Whether the WebSocket is open."""
        self.registration: str | None = None
        """Status in the last BootNotification answer; None from power-on to the first answer (B01 to B03)."""
        self.is_powered = True
        self.link: Link = NO_LINK
        """Opens and closes the WebSocket."""
        self.triggers: dict[str, Callable[[JsonObject], Callable[[], None] | None]] = {}
        """Triggers, by requested message (F06). A trigger gets the payload of the TriggerMessage and returns
        the function that sends the message after the answer. It returns None to answer Rejected."""
        self.connected = Signal[[]]()
        """The WebSocket was opened."""
        self.disconnected = Signal[[]]()
        """The WebSocket was closed or lost."""
        self.unanswered = Signal[[str, int]]()
        """A CALL of this action had no answer within this many seconds (MessageTimeout)."""
        self.boot_accepted = Signal[[]]()
        """A BootNotification was answered with Accepted; emitted before the station sends other messages."""
        self.powered_off = Signal[[]]()
        """Power was cut; state that is kept only in memory is lost."""
        self.connector_changed = Signal[[EvseConnector]]()
        """The status of a connector may have changed; `availability` reports a new status."""
        self.on_error: Callable[[str, Exception], object] = raise_error
        """Called with the name of an activity, such as "a timer", and the exception that ended the activity.
        The default raises the exception. The command line prints a line instead, so that the station
        continues.
        """

    @property
    def is_online(self) -> bool:
        """Whether the station is connected and its boot was accepted."""
        return self.is_connected and self.registration == RegistrationStatus.accepted

    def now(self) -> datetime:
        """Time of the station's clock, in UTC."""
        return datetime.fromtimestamp(self.host.time() + self.clock_offset_s, UTC)

    def timestamp(self) -> str:
        """Time of the station's clock as text for a message: RFC 3339 with milliseconds and Z."""
        return timestamp(self.now())

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call a callback after a delay in real seconds, as for OCPP timers."""
        return self.host.call_later(delay_s, lambda: self.guard("a timer", callback))

    def at(self, moment: datetime, callback: Callable[[], object]) -> Timer:
        """Call a callback when the station's clock reaches a moment, even if the clock is corrected
        meanwhile.
        """
        return self._alarms.at(moment, callback)

    def correct_clock(self, seconds: float) -> None:
        """Advance the station's clock by this many seconds; a negative number sets the clock back."""
        self.clock_offset_s += seconds
        self._alarms.clock_corrected()

    def after_scaled(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call a callback after a delay divided by ``--speed``, as for a restart or an installation."""
        return self.after(delay_s / self.setup.speed, callback)

    def guard(self, activity: str, function: Callable[[], object]) -> None:
        """Call a function; if it raises, pass the name of the activity and the exception to `on_error`."""
        try:
            function()
        except Exception as error:
            self.on_error(activity, error)

    def send(
        self,
        request: Any,
        on_result: Callable[[JsonObject], object] | None = None,
        on_failure: Callable[[], object] | None = None,
        *,
        kept: bool = True,
        solicited: bool = False,
    ) -> None:
        """Queue a request of `ocpp.v201.call`; nested values are OCPP JSON.

        ``on_result`` gets the payload of the CALLRESULT. ``on_failure`` is called after a CALLERROR, an
        invalid CALLRESULT or a time-out. It is also called if the station is offline and the request is not
        ``kept``: then the request is dropped. A request that a handler queues is sent after the answer of the
        handler. A ``solicited`` request is one that TriggerMessage, GetBaseReport or GetReport asked for; it
        may be sent before the boot is accepted.
        """
        self.outbox.add(Request.of(request, on_result, on_failure, is_kept=kept, is_solicited=solicited))

    def send_report(self, parts: Iterable[Any]) -> None:
        """Queue the parts of a report that the central system requested, in order."""
        for part in parts:
            self.send(part)
