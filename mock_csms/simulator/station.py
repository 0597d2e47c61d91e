"""A simulated charging station: its functional blocks, and what drivers and the network do to it."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from ocpp.v201.enums import BootReasonEnumType as BootReason

from mock_csms.messages import JsonObject
from mock_csms.simulator.access import Access, ConnectionAttempt
from mock_csms.simulator.authorization import Authorization
from mock_csms.simulator.availability import Availability
from mock_csms.simulator.certificate_signing import CertificateSigning
from mock_csms.simulator.certificates import Certificates
from mock_csms.simulator.charging import ChargingSessions
from mock_csms.simulator.configuration import Configuration
from mock_csms.simulator.contracts import Contracts
from mock_csms.simulator.core import Core, Setup
from mock_csms.simulator.cost import Costs
from mock_csms.simulator.customers import Customers
from mock_csms.simulator.data_transfer import DataTransfers
from mock_csms.simulator.device_model import Key, LocalDeviceModel
from mock_csms.simulator.dispatch import Dispatcher
from mock_csms.simulator.display import Displays
from mock_csms.simulator.endpoint import Endpoint
from mock_csms.simulator.firmware import Firmware
from mock_csms.simulator.host import Host
from mock_csms.simulator.logs import Logs
from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.monitoring import Monitoring
from mock_csms.simulator.network import Network
from mock_csms.simulator.outbox import StationOutbox
from mock_csms.simulator.publishing import Publisher
from mock_csms.simulator.registration import StationRegistration
from mock_csms.simulator.remote_control import RemoteControl
from mock_csms.simulator.reservations import Reservations
from mock_csms.simulator.resets import Resets
from mock_csms.simulator.sampling import Sampling
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.sessions import ChargingSession, RunningTransaction
from mock_csms.simulator.smart_charging import SmartCharging
from mock_csms.simulator.transactions import StationTransactions
from mock_csms.simulator.trust_store import TrustStore
from mock_csms.versions import OcppVersion

type Notices = Callable[[str, Mapping[str, object]], bool]
"""Decides whether the station notices an action of a person or of the network, given the verb and arguments
of the action.
"""


class SimulatedStation:
    """A charging station as a state machine: its inputs are frames, timers and driver actions, its outputs
    are frames.
    """

    def __init__(self, setup: Setup, host: Host, random: Random, version: OcppVersion) -> None:
        variables = LocalDeviceModel(setup.evses, setup.connectors, setup.nameplate)
        core = self.core = Core(setup, host, random, variables, StationOutbox())
        self.registration = StationRegistration(core)
        self.availability = Availability(core)
        self.configuration = Configuration(core)
        self.store = TrustStore(core)
        self.network = Network(core, self.store.has_valid)
        self.security = SecurityEvents(core)
        self.access = Access(core, self.network, self.store, self.security)
        self.authorization = Authorization(core)
        connector_type = Key("Connector", "ConnectorType", None, 1, 1)
        self.reservations = Reservations(core, core.variables.value(connector_type))
        self.smart_charging = SmartCharging(core)
        self.transactions = StationTransactions(core, self.authorization, self.smart_charging)
        self.charging = ChargingSessions(
            core, self.transactions, self.authorization, self.reservations, self.smart_charging
        )
        self.sampling = Sampling(core, self.transactions)
        self.remote_control = RemoteControl(
            core, self.transactions, self.charging, self.authorization, self.smart_charging
        )
        self.resets = Resets(core, self.registration, self.network, self.transactions, self.charging)
        self.monitoring = Monitoring(core)
        self.customers = Customers(core, self.authorization)
        self.displays = Displays(core)
        self.costs = Costs(core)
        self.data_transfers = DataTransfers(core)
        self.firmware = Firmware(core, self.security, self.store)
        self.logs = Logs(core, self.security, self.store)
        self.publisher = Publisher(core, self.store)
        self.contracts = Contracts(core, self.store)
        self.certificates = Certificates(core, self.security, self.store)
        self.signing = CertificateSigning(core, self.security, self.certificates)
        self.endpoint = Endpoint(core, Dispatcher(version, self._blocks()), version)
        self.notices: Notices = lambda _verb, _arguments: True
        """By default, notices every action; `mock_csms.simulator.misbehaviour` may replace this function."""
        self._connect_blocks()

    def _blocks(self) -> list[object]:
        return [
            self.availability,
            self.configuration,
            self.network,
            self.authorization,
            self.reservations,
            self.smart_charging,
            self.remote_control,
            self.resets,
            self.monitoring,
            self.customers,
            self.displays,
            self.costs,
            self.data_transfers,
            self.firmware,
            self.logs,
            self.publisher,
            self.certificates,
            self.signing,
        ]

    def _connect_blocks(self) -> None:
        self.registration.clock_set.connect(self.security.report_clock_change)
        self.registration.clock_set.connect(lambda _: self.sampling.align())
        self.registration.clock_set.connect(lambda _: self.monitoring.align())
        self.resets.restarting.connect(self.security.expect_reboot)
        self.transactions.ended.connect(self._transaction_ended)
        self.charging.vehicle_connected.connect(self._vehicle_connected)
        self.signing.renewed.connect(self.access.certificate_renewed)
        self.firmware.reboot_requested.connect(partial(self.resets.restart, BootReason.firmware_update))

    def connected(self, attempt: ConnectionAttempt) -> None:
        """Record a successful connection attempt. If its network profile is not that of the previous
        connection, boot again (B10.FR.10).
        """
        is_other_profile = self.network.connected(attempt.number)
        self.access.connected(attempt)
        if is_other_profile and self.core.registration is not None:
            self.registration.restart(BootReason.application_reset)

    def _transaction_ended(self, _: ChargingSession, transaction: RunningTransaction) -> None:
        self.displays.transaction_ended(transaction.id)
        self.costs.transaction_ended(transaction.id)

    def _vehicle_connected(self, session: ChargingSession) -> None:
        if session.vehicle is not None and session.vehicle.has_iso_15118:
            self.certificates.vehicle_connected_15118(
                session.vehicle.certificate_request, partial(self._contract_installed, session.evse.id)
            )
            self.smart_charging.report_vehicle_needs(session.evse.id)

    def park(self, evse_id: int = 1) -> None:
        """Park a vehicle in the bay of an EVSE."""
        self.charging.park(evse_id)

    def leave(self, evse_id: int = 1) -> None:
        """Drive the vehicle out of the bay."""
        self.charging.leave(evse_id)

    def plug_in(self, evse_id: int = 1, connector_id: int = 1, vehicle: Vehicle | None = None) -> None:
        """Plug in a cable at both ends."""
        self.charging.plug_in(evse_id, connector_id, vehicle)

    def unplug(self, evse_id: int = 1) -> None:
        """Unplug the cable."""
        self.charging.unplug(evse_id)

    def present(
        self, id_token: JsonObject, evse_id: int | None = None, *, stops_at: int | None = None
    ) -> None:
        """Present a token at the station, or at the reader of one EVSE.

        A master pass stops the transaction at the EVSE ``stops_at``, or all transactions if it is None.
        """
        self.charging.present(id_token, evse_id, stops_at=stops_at)

    def plug_and_charge(
        self, evse_id: int = 1, connector_id: int = 1, vehicle: Vehicle | None = None
    ) -> None:
        """Plug in a vehicle with a contract certificate, which authorizes the session (C07).

        A vehicle that requests a certificate (M01, M02) presents its contract only after the central system
        has accepted the request.
        """
        self.charging.plug_in(evse_id, connector_id, vehicle)
        if vehicle is None or not self.certificates.sends_request(vehicle.certificate_request):
            self._present_contract(evse_id)

    def _contract_installed(self, evse_id: int) -> None:
        vehicle = self.charging.session(evse_id).vehicle
        if vehicle is not None and vehicle.presents_contract:
            self._present_contract(evse_id)

    def _present_contract(self, evse_id: int) -> None:
        self.charging.present(self.contracts.id_token, evse_id, self.contracts.proof())

    def go_offline(self, seconds: float | None = None) -> None:
        """Lose the network for ``seconds``, divided by ``--speed``; None means until `go_online` or a power
        cycle.
        """
        self.core.link.drop()
        if seconds is not None:
            self.core.after_scaled(seconds, self.go_online)

    def go_online(self) -> None:
        """Restore the network, unless the station has no power."""
        if self.core.is_powered:
            self.core.link.open()

    def power_cycle(self, off_s: float = 3.0) -> None:
        """Cut the power, and restore it after ``off_s`` seconds, divided by ``--speed``."""
        self.resets.power_cycle(off_s)
