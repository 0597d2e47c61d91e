"""Random drivers, commands, connection losses and power cuts for an `ObservedStation`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.simulator.metering import Vehicle
from mock_csms.text import timestamp
from tests.support.observed_station import FILES_URL, ObservedStation

TOKENS: Final = [{"idToken": f"TOKEN{number}", "type": "ISO14443"} for number in range(4)]
TRIGGERS: Final = (
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "PublishFirmwareStatusNotification",
    "SignChargingStationCertificate",
    "StatusNotification",
    "TransactionEvent",
)
VARIABLES: Final = (
    ("OCPPCommCtrlr", "HeartbeatInterval", ("60", "300", "900")),
    ("SampledDataCtrlr", "TxUpdatedInterval", ("0", "30", "300")),
    ("AlignedDataCtrlr", "Interval", ("0", "60", "900")),
    ("TxCtrlr", "EVConnectionTimeOut", ("30", "60")),
    ("TxCtrlr", "TxStartPoint", ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")),
    ("TxCtrlr", "TxStopPoint", ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")),
)
REPORTS: Final = ("ConfigurationInventory", "FullInventory", "SummaryInventory")


def profile(number: int, random: Random, **fields: Any) -> JsonObject:
    """Charging profile with a random limit."""
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": random.choice([0, 6, 10, 16])}],
    }
    required = {
        "id": number,
        "stackLevel": random.randrange(3),
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    return {**required, **fields}


class RandomLife:
    """Random acts of drivers, central system, network and power supply, repeatable by a seed."""

    def __init__(self, observed: ObservedStation, seed: int) -> None:
        self.observed = observed
        self.station = observed.station
        self.random = Random(seed)
        self._numbers = count(1)
        observed.answer_delay_s = self._answer_delay_s
        observed.refuse = lambda action: action not in {"BootNotification"} and self._chance(0.005)
        observed.withhold = lambda action: self._chance(0.003)

    def live(self, hours: float) -> None:
        """Start the station, and act at random for these hours of virtual time."""
        host = self.observed.host
        end = host.time() + hours * 3600
        self.observed.start()
        while host.time() < end:
            self.random.choices(
                [self.drive, self.send_command, self.lose_connection, self.cut_power],
                weights=[50, 40, 6, 1],
            )[0]()
            self.observed.advance(self.random.expovariate(1 / 60))

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _answer_delay_s(self) -> float:
        return self.random.uniform(1, 20) if self._chance(0.01) else self.random.uniform(0, 0.2)

    def drive(self) -> None:
        """Act as a driver at random."""
        evse_id = self.random.randint(1, 2)
        vehicle = Vehicle(demand_wh=self.random.uniform(50, 9000))
        acts: list[Callable[[], object]] = [
            lambda: self.station.plug_in(evse_id, vehicle=vehicle),
            lambda: self.station.unplug(evse_id),
            lambda: self.station.present(self.random.choice(TOKENS), self.random.choice([None, evse_id])),
            lambda: self.station.park(evse_id),
            lambda: self.station.leave(evse_id),
        ]
        self.random.choice(acts)()

    def lose_connection(self) -> None:
        """Lose the connection for a moment, or for up to an hour."""
        if self._chance(0.5):
            self.observed.link.lose()
        else:
            self.station.go_offline(self.random.choice([5, 60, 600, 3600]))

    def cut_power(self) -> None:
        """Cut the power for up to ten minutes."""
        self.station.power_cycle(self.random.choice([3, 60, 600]))

    def send_command(self) -> None:
        """Send a random command."""
        action, build = self.random.choice(list(COMMANDS.items()))
        self.observed.command(action, build(self))

    def number(self) -> int:
        """A new requestId or remoteStartId."""
        return next(self._numbers)

    def timestamp(self, in_s: float = 0) -> str:
        """Time this many seconds from now."""
        return timestamp(datetime.fromtimestamp(self.observed.host.time() + in_s, UTC))

    def evse(self) -> JsonObject:
        """An object with ``evse``, which may name a connector, or an empty object."""
        evse_id = self.random.randint(1, 2)
        return self.random.choice(
            [{}, {"evse": {"id": evse_id}}, {"evse": {"id": evse_id, "connectorId": 1}}]
        )

    def transaction_id(self) -> str:
        """Id of a running transaction, or an unknown id."""
        running = self.station.transactions.running()
        ids = [session.transaction.id for session in running if session.transaction]
        return self.random.choice([*ids, "unknown"])

    def variable(self) -> tuple[JsonObject, str]:
        """Return the component and variable names of a random variable, and a random value for it."""
        component, variable, values = self.random.choice(VARIABLES)
        return {"component": {"name": component}, "variable": {"name": variable}}, self.random.choice(values)


def _set_variables(life: RandomLife) -> JsonObject:
    names, value = life.variable()
    return {"setVariableData": [{**names, "attributeValue": value}]}


def _file(life: RandomLife) -> str:
    return life.random.choice([FILES_URL, "http://nowhere/"])


def _start(life: RandomLife) -> JsonObject:
    token = life.random.choice(TOKENS)
    evse = life.random.choice([{}, {"evseId": life.random.randint(1, 2)}])
    return {"remoteStartId": life.number(), "idToken": token, **evse}


def _reset(life: RandomLife) -> JsonObject:
    evse = {"evseId": 1} if life.random.random() < 0.2 else {}
    return {"type": life.random.choice(["Immediate", "OnIdle"]), **evse}


def _update(life: RandomLife) -> JsonObject:
    firmware = {"location": _file(life), "retrieveDateTime": life.timestamp(life.random.choice([0, 60]))}
    return {"requestId": life.number(), "retries": 1, "retryInterval": 10, "firmware": firmware}


def _log(life: RandomLife) -> JsonObject:
    log_type = life.random.choice(["DiagnosticsLog", "SecurityLog"])
    return {"requestId": life.number(), "logType": log_type, "log": {"remoteLocation": _file(life)}}


def _reserve(life: RandomLife) -> JsonObject:
    return {
        "id": life.random.randint(1, 3),
        "expiryDateTime": life.timestamp(life.random.choice([60, 3600])),
        "idToken": life.random.choice(TOKENS),
        **life.random.choice([{}, {"evseId": 1}, {"evseId": 2}]),
    }


def _display(life: RandomLife) -> JsonObject:
    content = {"format": "UTF8", "content": "Hello"}
    return {"message": {"id": life.random.randint(1, 5), "priority": "NormalCycle", "message": content}}


def _local_list(life: RandomLife) -> JsonObject:
    entries = [{"idToken": token, "idTokenInfo": {"status": "Accepted"}} for token in TOKENS[:2]]
    return {
        "versionNumber": life.number(),
        "updateType": life.random.choice(["Full", "Differential"]),
        "localAuthorizationList": entries,
    }


def _monitoring(life: RandomLife) -> JsonObject:
    names, _ = life.variable()
    return {"setMonitoringData": [{**names, "value": 1, "type": "Delta", "severity": 5}]}


COMMANDS: Final[Mapping[str, Callable[[RandomLife], JsonObject]]] = {
    "CancelReservation": lambda life: {"reservationId": life.random.randint(1, 3)},
    "ChangeAvailability": lambda life: {
        "operationalStatus": life.random.choice(["Operative", "Operative", "Inoperative"]),
        **life.evse(),
    },
    "ClearCache": lambda _: {},
    "ClearChargingProfile": lambda _: {"chargingProfileCriteria": {}},
    "ClearDisplayMessage": lambda life: {"id": life.random.randint(1, 5)},
    "ClearVariableMonitoring": lambda life: {"id": [life.random.randint(1, 5)]},
    "CostUpdated": lambda life: {"totalCost": 1.5, "transactionId": life.transaction_id()},
    "CustomerInformation": lambda life: {
        "requestId": life.number(),
        "report": True,
        "clear": False,
        "customerIdentifier": "me",
    },
    "DataTransfer": lambda _: {"vendorId": "nobody"},
    "GetBaseReport": lambda life: {
        "requestId": life.number(),
        "reportBase": life.random.choice(REPORTS),
    },
    "GetChargingProfiles": lambda life: {"requestId": life.number(), "chargingProfile": {}},
    "GetCompositeSchedule": lambda life: {"duration": 600, "evseId": life.random.randint(0, 2)},
    "GetDisplayMessages": lambda life: {"requestId": life.number()},
    "GetInstalledCertificateIds": lambda _: {},
    "GetLocalListVersion": lambda _: {},
    "GetLog": _log,
    "GetMonitoringReport": lambda life: {"requestId": life.number()},
    "GetReport": lambda life: {"requestId": life.number(), "componentCriteria": ["Active"]},
    "GetTransactionStatus": lambda life: {"transactionId": life.transaction_id()},
    "GetVariables": lambda life: {"getVariableData": [life.variable()[0]]},
    "PublishFirmware": lambda life: {
        "location": _file(life),
        "checksum": "0" * 32,
        "requestId": life.number(),
    },
    "RequestStartTransaction": _start,
    "RequestStopTransaction": lambda life: {"transactionId": life.transaction_id()},
    "ReserveNow": _reserve,
    "Reset": _reset,
    "SendLocalList": _local_list,
    "SetChargingProfile": lambda life: {
        "evseId": life.random.randint(0, 2),
        "chargingProfile": profile(life.random.randint(1, 9), life.random),
    },
    "SetDisplayMessage": _display,
    "SetMonitoringBase": lambda life: {
        "monitoringBase": life.random.choice(["All", "FactoryDefault", "HardWiredOnly"])
    },
    "SetMonitoringLevel": lambda life: {"severity": life.random.randint(0, 9)},
    "SetVariableMonitoring": _monitoring,
    "SetVariables": _set_variables,
    "TriggerMessage": lambda life: {
        "requestedMessage": life.random.choice(TRIGGERS),
        **life.evse(),
    },
    "UnlockConnector": lambda life: {"evseId": life.random.randint(1, 2), "connectorId": 1},
    "UnpublishFirmware": lambda _: {"checksum": "0" * 32},
    "UpdateFirmware": _update,
}
"""Builder of a random payload by command."""
