"""The states that cases begin in or go through (Part 6, reusable states)."""

from collections.abc import Mapping
from typing import Any, Final

from mock_csms.certify.session_states import SessionStates, reached
from mock_csms.certify.verbs.station_verbs import Statuses
from mock_csms.certify.verdicts import CaseFailed
from mock_csms.client import CommandAnswer, TranscriptEntry

MAX_MESSAGE_PARTS: Final = 100
"""Maximum number of parts of a report of display messages."""


class States(SessionStates):
    """The states of a station and of a charging session at the EVSE of the case."""

    # Booting

    @reached(about="TC_B_01_CS")
    async def booted(
        self, reset: str | None = "Immediate", *, status: Statuses = "Available", **fields: Any
    ) -> TranscriptEntry:
        """Reset the station, unless it restarts by itself (``reset`` None), and wait until it is in service.

        ``fields`` are expected in its BootNotification.
        """
        if reset is not None:
            await self._stage.csms.sends("Reset", type=reset, expect="Accepted")
        boot = await self.is_in_service(status=status, **fields)
        self._stage.session = self._session.after_restart()
        return boot

    async def is_in_service(self, *, status: Statuses = "Available", **fields: Any) -> TranscriptEntry:
        """Wait for a BootNotification, the reports of all connectors and the security event (B01.FR.05).

        Returns the BootNotification.
        """
        station, within = self._stage.station, self._stage.file.times.boot
        boot = await station.sends("BootNotification", within=within, **fields)
        await station.reports_all(status, within=within)
        await station.at_last_sends(
            "SecurityEventNotification", type={"StartupOfTheDevice", "ResetOrReboot"}, within=within
        )
        return boot

    # Availability and reservation

    @reached(about="TC_G_03_CS")
    async def unavailable(self, evse: int | None = None, connector: int | None = None) -> None:
        """Call `inoperative`, and wait until each connector at this place is reported Unavailable."""
        await self.inoperative(evse, connector)
        await self._stage.station.reports("Unavailable", *self._stage.file.connectors_at(evse, connector))

    @reached(about="TC_G_03_CS")
    async def inoperative(
        self, evse: int | None = None, connector: int | None = None, *, expect: str = "Accepted"
    ) -> None:
        """Set the station, an EVSE or a connector to Inoperative (ChangeAvailability) until the case ends."""
        at = at_place(evse, connector)
        self._stage.undo_with(
            "the availability",
            lambda: self._stage.csms.sends("ChangeAvailability", operationalStatus="Operative", **at),
        )
        await self._stage.csms.sends(
            "ChangeAvailability", operationalStatus="Inoperative", **at, expect=expect
        )

    @reached(about="TC_H_01_CS")
    async def reserved(self, reservation: Mapping[str, Any], *connectors: tuple[int, int]) -> None:
        """Make a reservation, and wait until the connectors are reported Reserved.

        The reservation is cancelled at the end of the case. ``reservation`` is the payload of the ReserveNow.
        """
        await self._stage.csms.sends("ReserveNow", reservation, expect="Accepted")
        cancelled = {"reservationId": reservation["id"]}
        self._stage.undo_with(
            "the reservation", lambda: self._stage.csms.sends("CancelReservation", cancelled)
        )
        await self._stage.station.reports("Reserved", *connectors)

    # Local list

    @reached(about="TC_D_01_CS")
    async def local_list(self, *entries: Mapping[str, Any], version: int = 1) -> None:
        """Send a full local list of AuthorizationData, and an empty list at the end of the case."""
        full = {"versionNumber": version, "updateType": "Full", "localAuthorizationList": list(entries)}
        await self._stage.csms.sends("SendLocalList", full, expect="Accepted")
        empty = {"versionNumber": version, "updateType": "Full"}
        self._stage.undo_with("the local list", lambda: self._stage.csms.sends("SendLocalList", empty))
        accepted = [each for each in entries if each["idTokenInfo"]["status"] == "Accepted"]
        self._session.cached |= {each["idToken"]["idToken"] for each in accepted}

    # Charging profiles

    @reached(about="TC_K_01_CS")
    async def charging_profile(self, evse: int, profile: Mapping[str, Any]) -> None:
        """Set a charging profile at an EVSE, or for the station (0), until the end of the case."""
        cleared = {"chargingProfileId": profile["id"]}
        self._stage.undo_with(
            "the charging profile", lambda: self._stage.csms.sends("ClearChargingProfile", cleared)
        )
        await self._stage.csms.sends(
            "SetChargingProfile", {"evseId": evse, "chargingProfile": profile}, expect="Accepted"
        )

    # Display messages

    @reached(about="TC_O_01_CS")
    async def display_message(
        self, message: Mapping[str, Any], *, expect: str | set[str] = "Accepted"
    ) -> CommandAnswer:
        """Set a display message (MessageInfoType) until the end of the case."""
        self._stage.undo_with(
            "the display message", lambda: self._stage.csms.sends("ClearDisplayMessage", id=message["id"])
        )
        return await self._stage.csms.sends("SetDisplayMessage", {"message": message}, expect=expect)

    @reached(about="TC_O_02_CS")
    async def display_messages(self, request_id: int, **criteria: Any) -> list[dict[str, Any]]:
        """Ask for the display messages that meet criteria, and return those of all parts of the report."""
        await self._stage.csms.sends(
            "GetDisplayMessages", requestId=request_id, **criteria, expect="Accepted"
        )
        return await self._reported_messages(request_id)

    async def _reported_messages(self, request_id: int) -> list[dict[str, Any]]:
        """Collect the messages of all parts of a report, which have no seqNo, only tbc."""
        messages: list[dict[str, Any]] = []
        for _ in range(MAX_MESSAGE_PARTS):
            part = await self._stage.station.sends("NotifyDisplayMessages", requestId=request_id)
            messages += part.payload.get("messageInfo", [])
            if not part.payload.get("tbc"):
                return messages
        raise CaseFailed(f"the report has more than {MAX_MESSAGE_PARTS} parts")


def at_place(evse: int | None, connector: int | None = None) -> dict[str, Any]:
    """Return the field ``evse`` of a command for an EVSE or a connector; no field for the station."""
    if evse is None:
        return {}
    return {"evse": {"id": evse, **({} if connector is None else {"connectorId": connector})}}
