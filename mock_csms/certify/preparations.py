"""Preparations of a case: the states, variables, lists and cached tokens with which it begins."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final

from mock_csms.certify.points import Point, Situation, points_of
from mock_csms.certify.session_events import EVENT, of_transaction
from mock_csms.certify.session_states import reached
from mock_csms.certify.states import States
from mock_csms.certify.station_file import CaseToken
from mock_csms.certify.verdicts import CaseFailed, Inconclusive, Skipped

EARLIER_MESSAGES_ID: Final = 7000
"""requestId of the report of the display messages that a station has before a case."""


class Preparations(States):
    """Prepares a case: the states, variables, lists and cached tokens with which it begins."""

    is_preparation = True

    async def variables(self, **values: Any) -> None:
        """Set variables until the end of the case: ``OCPPCommCtrlr__MessageAttempts__TransactionEvent=3``.

        Raises Inconclusive for a variable that has no value at the station or cannot be set.
        """
        for name, value in values.items():
            if reason := await self._set(name, value):
                raise _not_set(name, value, reason)

    @reached(about="TC_B_09_CS")
    async def written_variables(self, **values: Any) -> None:
        """Set variables until the end of the case, even variables for which the station gives no value yet.

        A variable without an earlier value keeps the new value. Raises Inconclusive.
        """
        for name, value in values.items():
            before = await self._stage.variable(*_parts(name))
            if reason := await self._write(name, value, before):
                raise _not_set(name, value, reason)

    async def variables_if_implemented(self, **values: Any) -> None:
        """Set variables until the end of the case, as far as the station has them and lets them be set."""
        for name, value in values.items():
            await self._set(name, value)

    async def restores(self, *names: str) -> None:
        """Set variables back to their present values at the end of the case."""
        for name in names:
            before = await self._stage.variable(*_parts(name))
            if before is not None:
                self._restore_at_the_end(name, before)

    @reached(about="TC_B_09_CS")
    async def _set(self, name: str, value: Any) -> str:
        """Set a variable; return the reason if this fails, or an empty text."""
        before = await self._stage.variable(*_parts(name))
        if before is None:
            return "the station gives no value for it"
        return "" if before == _text(value) else await self._write(name, value, before)

    async def _write(self, name: str, value: Any, before: str | None) -> str:
        """Set a variable, and restore ``before`` at the end of the case; return the reason if this fails."""
        component, variable, instance = _parts(name)
        status = await self._stage.set_variable(component, variable, instance, _text(value))
        if status not in {"Accepted", "RebootRequired"}:
            return f"the answer is {status}"
        if before is not None:
            self._restore_at_the_end(name, before)
        if component == "TxCtrlr":
            self._stage.forget_points()
        if status == "RebootRequired":
            await self.booted()
        return ""

    def _restore_at_the_end(self, name: str, value: str) -> None:
        async def restore() -> None:
            if await self._stage.set_variable(*_parts(name), value) == "Rejected":
                raise CaseFailed(f"{name} cannot be set back")

        self._stage.undo_with(f"{name.replace('__', '.')} = {value}", restore)

    async def transaction_points(
        self,
        *,
        start: str | Collection[str] = (),
        stop: str | Collection[str] = (),
        start_without: Collection[str] = (),
        stop_without: Collection[str] = (),
    ) -> None:
        """Set the points at which transactions start and stop, until the end of the case.

        If ``start`` or ``stop`` has several values, they are tried in turn until the station accepts one. If
        it accepts none, the present value of the variable must have all points of one of them, and no point
        of ``start_without`` or ``stop_without``; otherwise raises Skipped.
        """
        await self._set_points("TxStartPoint", start, start_without)
        await self._set_points("TxStopPoint", stop, stop_without)
        if (await self._stage.points()).are_in_bay:
            await self._stage.rig.frees_the_bay()

    async def _set_points(
        self, variable: str, wanted: str | Collection[str], without: Collection[str]
    ) -> None:
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        for value in values:
            if not await self._set(f"TxCtrlr__{variable}", value):
                return
        if not values:
            return
        fixed = await self._stage.variable("TxCtrlr", variable) or ""
        has_one = any(points_of(value) <= points_of(fixed) for value in values)
        if not has_one or points_of(fixed) & {Point(point) for point in without}:
            needed = " or ".join(values) + "".join(f", without {point}" for point in without)
            raise Skipped(f"{variable} stays {fixed or 'empty'}, and the case needs {needed}")

    @reached(about="TC_E_02_CS")
    async def energy_transfer_started_everywhere(self, *, at_most: int | None = None) -> dict[int, str]:
        """Start the energy transfer at each EVSE, or at ``at_most`` of them; return transaction ids by EVSE.

        All EVSEs except the first use the second token.
        """
        await self.energy_transfer_started()
        first, *others = sorted(self._stage.file.station.evses)[:at_most]
        return {first: self._session.id_of_transaction()} | {
            evse: await self._charges_at(evse) for evse in others
        }

    async def _charges_at(self, evse: int) -> str:
        """Start the energy transfer at another EVSE with the second token; return the id of its transaction.

        Unlike the states of `at_evse`, this allows events of the first session in between.
        """
        rig, station = self._stage.rig, self._stage.station
        if (await self._stage.points()).are_in_bay:
            await rig.parks(evse)
        connector = min(self._stage.file.station.evses[evse])
        await rig.plugs_in(evse, connector=connector)
        await station.reports("Occupied", (evse, connector))
        token = self._stage.file.tokens.second
        asks = await self._has_to_ask(token)
        await rig.presents(token, evse)
        await self._authorize(token, asks)
        event = await station.at_last_sends(EVENT, evse__id=evse)
        transaction = str(event["transactionInfo"]["transactionId"])
        where = {"transactionInfo__transactionId": of_transaction(transaction)}
        while event["transactionInfo"].get("chargingState") != "Charging":
            event = await station.sends(EVENT, where=where)
        return transaction

    @reached(about="TC_C_50_CS")
    async def contract_known(self) -> None:
        """Make the station cache the token of the vehicle's contract; add this token to the local list."""
        await self.variables_if_implemented(AuthCacheCtrlr__Enabled=True)
        await self.ev_connected("plug-and-charge")
        token = await self.contract_authorized()
        await self.energy_transfer_started()
        await self.stop_authorized(by="remote")
        await self.parking_bay_unoccupied()
        self._session.transaction = None
        if await self._stage.variable("LocalAuthListCtrlr", "Enabled") is not None:
            await self.local_list({"idToken": token.as_json, "idTokenInfo": {"status": "Accepted"}})

    @reached(about="TC_M_01_CS")
    async def firmware_trusted(self) -> None:
        """Install the manufacturer root of the server's firmware, unless the station file has a firmware."""
        if self._stage.file.firmware.location is not None:
            return
        root = "{{certificate.manufacturer-root"
        hashes = {"certificateHashData": f"{root}.SHA256}}}}"}
        self._stage.undo_with(
            "the manufacturer root", lambda: self._stage.csms.sends("DeleteCertificate", hashes)
        )
        kind = "ManufacturerRootCertificate"
        await self._stage.csms.sends(
            "InstallCertificate", certificateType=kind, certificate=f"{root}}}}}", expect="Accepted"
        )

    @reached(about="TC_C_08_CS")
    async def id_token_cached(self, token: CaseToken | None = None) -> None:
        """Put a token into the station's cache by a session with the token."""
        shown = token or self._stage.file.tokens.valid
        await self.parking_bay_occupied()
        await self.authorized(shown)
        await self.ev_connected()
        await self.energy_transfer_started()
        await self.stop_authorized(shown)
        await self.parking_bay_unoccupied()
        self._session.cached.add(shown.id_token)
        self._session.transaction = None

    @reached(about="TC_C_09_CS")
    async def id_token_info_cached(self, token: CaseToken, info: Mapping[str, Any]) -> None:
        """Present a token; the server answers its Authorize with ``info``, which the station has to cache.

        ``info`` must start no session: it refuses the token, or has the group of master passes.
        """
        answer = {"idTokenInfo": dict(info)}
        rule = await self._stage.csms.answers("Authorize", answer, where={"idToken": token.as_json})
        await self.token_offered(token)
        await self._authorize(token, asks=True)
        await self._stage.csms.takes_back(rule)

    async def local_list(self, *entries: Mapping[str, Any], version: int = 1) -> None:
        """Send a full local list of AuthorizationData, and an empty list at the end of the case."""
        await self.variables_if_implemented(LocalAuthListCtrlr__Enabled=True)
        await super().local_list(*entries, version=version)

    async def token_known_offline(self, token: CaseToken | None = None, **info: Any) -> None:
        """Make the station accept a token offline.

        The station is set to accept unknown tokens offline; the token is also put into its cache and its
        local list, as far as it has them. ``info`` has further fields of the idTokenInfo in the local list.
        """
        shown = token or self._stage.file.tokens.valid
        await self.variables_if_implemented(
            AuthCtrlr__OfflineTxForUnknownIdEnabled=True, AuthCtrlr__LocalAuthorizeOffline=True
        )
        if await self._stage.variable("AuthCacheCtrlr", "Enabled") is not None:
            await self.variables_if_implemented(AuthCacheCtrlr__Enabled=True)
            await self.id_token_cached(shown)
        if await self._stage.variable("LocalAuthListCtrlr", "Enabled") is not None:
            await self.local_list({"idToken": shown.as_json, "idTokenInfo": {"status": "Accepted", **info}})

    @reached(about="TC_O_04_CS")
    async def no_display_messages(self) -> None:
        """Clear the display messages that the station has, and set them again at the end of the case."""
        csms, request = self._stage.csms, {"requestId": EARLIER_MESSAGES_ID}
        answer = await csms.sends("GetDisplayMessages", request, expect={"Accepted", "Unknown"})
        if answer["status"] == "Unknown":
            return
        for message in await self._reported_messages(EARLIER_MESSAGES_ID):
            restored = {"message": message}
            self._stage.undo_with(
                "an earlier display message", partial(csms.sends, "SetDisplayMessage", restored)
            )
            await csms.sends("ClearDisplayMessage", id=message["id"], expect="Accepted")

    @reached(about="TC_E_43_CS")
    async def transaction_started_offline(
        self, token: CaseToken | None = None, *, within: float = 60
    ) -> None:
        """Start a session while the server is offline, and let the station connect again."""
        rig, is_in_bay = self._stage.rig, (await self._stage.points()).are_in_bay
        await self._stage.csms.goes_offline()
        if is_in_bay:
            await rig.parks()
        await rig.presents(token)
        await rig.plugs_in()
        await self._stage.csms.comes_back(within)
        self._session.situation = Situation(is_in_bay, True, True, True, True)

    @reached(about="TC_E_43_CS")
    async def transaction_ended_offline(self, token: CaseToken | None = None, *, within: float = 60) -> None:
        """Begin and end a session while the server is offline, and let the station connect again."""
        rig, is_in_bay = self._stage.rig, (await self._stage.points()).are_in_bay
        await self._stage.csms.goes_offline()
        if is_in_bay:
            await rig.parks()
        await rig.plugs_in()
        await rig.presents(token)
        await self._lets_energy_flow()
        await rig.presents(token)
        await rig.unplugs()
        if is_in_bay:
            await rig.leaves()
        await self._stage.csms.comes_back(within)


def _not_set(name: str, value: Any, reason: str) -> Inconclusive:
    return Inconclusive(f"{name.replace('__', '.')} cannot be set to {_text(value)}: {reason}")


def _parts(name: str) -> tuple[str, str, str | None]:
    """Split the name of a variable into component, variable and instance."""
    component, variable, *rest = name.split("__")
    return component, variable, rest[0] if rest else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
