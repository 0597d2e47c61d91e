"""Requests of the control API as plain data, with the parsing of their answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mock_csms.client.entries import (
    KnownStation,
    ListenerAddress,
    RefusedConnection,
    StationFinding,
    TranscriptEntry,
    VersionActions,
)

type Json = dict[str, Any]


def unchanged(content: Any) -> Any:
    """Return JSON unchanged."""
    return content


def nothing(_: Any) -> None:
    """Ignore the body of an answer."""


@dataclass(frozen=True, slots=True)
class Operation[Result]:
    """A request, and the function that turns the JSON of the answer into the result."""

    method: str
    path: str
    parse: Callable[[Any], Result]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    timeout_s: float | None = 30.0
    """Maximum seconds without a byte from the server; None if the server itself limits the time."""


def present(**members: Any) -> Json:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def listeners() -> Operation[list[ListenerAddress]]:
    """Return a request to list the ports for stations."""
    return Operation("GET", "/v1/listeners", lambda items: [ListenerAddress.of_json(item) for item in items])


def newest_number() -> Operation[int]:
    """Return a request for the number of the newest journal entry."""
    return Operation("GET", "/v1/journal", lambda content: int(content["last"]), {"limit": 1})


def journal(query: Json) -> Operation[list[TranscriptEntry]]:
    """Return a request to query the journal."""
    return Operation("GET", "/v1/journal", _entries, query)


def _entries(content: Any) -> list[TranscriptEntry]:
    return [TranscriptEntry.of_json(entry) for entry in content["entries"]]


def stations() -> Operation[list[KnownStation]]:
    """Return a request to list the stations that the server knows."""
    return Operation("GET", "/v1/stations", lambda items: [KnownStation.of_json(item) for item in items])


def findings(station: str | None) -> Operation[list[StationFinding]]:
    """Return a request to list the findings."""
    return Operation(
        "GET",
        "/v1/findings",
        lambda items: [StationFinding.of_json(item) for item in items],
        present(station=station),
    )


def verification(match: Json, bounds: Json) -> Operation[list[TranscriptEntry]]:
    """Return a request to check the number of journal entries that match."""
    return Operation("POST", "/v1/verify", _entries, body={"match": match, **bounds})


def note(text: str, station: str | None) -> Operation[TranscriptEntry]:
    """Return a request to add a note to the journal."""
    body = present(text=text, station=station)
    return Operation("POST", "/v1/journal/notes", TranscriptEntry.of_json, body=body)


def delete_scope(name: str) -> Operation[None]:
    """Return a request to revert the changes of a scope."""
    return Operation("DELETE", f"/v1/scopes/{quoted(name)}", nothing)


def change_listener(name: str, changes: Json) -> Operation[Json]:
    """Return a request to change a port for stations."""
    return Operation("PUT", f"/v1/listeners/{quoted(name)}", unchanged, body=changes)


def actions() -> Operation[list[VersionActions]]:
    """Return a request to list the actions by OCPP version."""
    return Operation("GET", "/v1/actions", lambda items: [VersionActions.of_json(item) for item in items])


def action_details(action: str, station: str | None) -> Operation[Json]:
    """Return a request to show the schemas and the default payload of an action."""
    return Operation("GET", f"/v1/actions/{quoted(action)}", unchanged, present(station=station))


def silences(silence: Sequence[str], report: Sequence[str]) -> Operation[list[str]]:
    """Return a request to silence some kinds of findings and report others again."""
    body = {"silence": list(silence), "report": list(report)}
    return Operation("PATCH", "/v1/findings", lambda content: list(content["silenced"]), body=body)


def reset_state(station: str | None, profiles: bool) -> Operation[None]:
    """Return a request to reset the server, or stations that match ``station``, to the state at the start.

    ``profiles``: also revert the changes to the profiles of these stations.
    """
    query = present(station=station, profiles="true" if profiles else None)
    return Operation("POST", "/v1/reset", nothing, query)


def of_station(identity: str, rest: str = "") -> str:
    """Return the path of a station in the control API, followed by ``rest``."""
    return f"/v1/stations/{quoted(identity)}{rest}"


def quoted(name: str) -> str:
    """Return a name percent-encoded, as one segment of a URL path."""
    return quote(name, safe="")


def call(identity: str, body: Json) -> Operation[Json]:
    """Return a request to send a command."""
    return Operation("POST", of_station(identity, "/calls"), unchanged, body=body, timeout_s=None)


def rules() -> Operation[list[Json]]:
    """Return a request to list the rules."""
    return Operation("GET", "/v1/rules", unchanged)


def add_rule(rule: Json) -> Operation[Json]:
    """Return a request to add a rule."""
    return Operation("POST", "/v1/rules", unchanged, body=rule)


def put_rule(rule_id: str, rule: Json) -> Operation[Json]:
    """Return a request to add or replace a rule."""
    return Operation("PUT", f"/v1/rules/{quoted(rule_id)}", unchanged, body=rule)


def switch_rule(rule_id: str, enabled: bool) -> Operation[Json]:
    """Return a request to enable or disable a rule."""
    return Operation("PATCH", f"/v1/rules/{quoted(rule_id)}", unchanged, body={"enabled": enabled})


def delete_rule(rule_id: str) -> Operation[None]:
    """Return a request to delete a rule."""
    return Operation("DELETE", f"/v1/rules/{quoted(rule_id)}", nothing)


def tokens() -> Operation[dict[str, Json]]:
    """Return a request to list the idTokens."""
    return Operation("GET", "/v1/tokens", unchanged)


def put_token(id_token: str, token: Json) -> Operation[Json]:
    """Return a request to add or replace an idToken."""
    return Operation("PUT", f"/v1/tokens/{quoted(id_token)}", unchanged, body=token)


def delete_token(id_token: str) -> Operation[None]:
    """Return a request to delete an idToken."""
    return Operation("DELETE", f"/v1/tokens/{quoted(id_token)}", nothing)


def begin_rehearsal(run: Json) -> Operation[None]:
    """Return a request to report the start of a run of the certification rehearsal."""
    return Operation("PUT", "/v1/rehearsal", nothing, body=run)


def change_rehearsal(change: Json) -> Operation[None]:
    """Return a request to report a change of the certification rehearsal, such as progress of a case."""
    return Operation("PATCH", "/v1/rehearsal", nothing, body=change)


def rehearsal(changed_since: int) -> Operation[Json]:
    """Return a request to show the run of the certification rehearsal, with the cases changed since a version
    of this run.
    """
    return Operation("GET", "/v1/rehearsal", unchanged, {"changedSince": changed_since})


def delete_rehearsal() -> Operation[None]:
    """Return a request to delete the certification rehearsal from the server."""
    return Operation("DELETE", "/v1/rehearsal", nothing)


def await_answer(prompt_id: str, within: float) -> Operation[str | None]:
    """Return a request to wait for the answer to a prompt of the certification rehearsal."""
    path = f"/v1/rehearsal/prompts/{quoted(prompt_id)}"
    return Operation("GET", path, _answer, {"within": within}, timeout_s=within + 30.0)


def answer_prompt(prompt_id: str, answer: str) -> Operation[None]:
    """Return a request to answer a prompt of the certification rehearsal."""
    return Operation("POST", f"/v1/rehearsal/prompts/{quoted(prompt_id)}", nothing, body={"answer": answer})


def _answer(content: Any) -> str | None:
    return None if content["answer"] is None else str(content["answer"])


def offline(identity: str, options: Json) -> Operation[None]:
    """Return a request to take the server offline for a station."""
    return Operation("POST", of_station(identity, "/offline"), nothing, body=options)


def back_online(identity: str) -> Operation[list[RefusedConnection]]:
    """Return a request to accept connections of a station again."""
    return Operation("DELETE", of_station(identity, "/offline"), _attempts)


def _attempts(content: Any) -> list[RefusedConnection]:
    return [RefusedConnection.of_json(attempt) for attempt in content["attempts"]]


def disconnect(identity: str, query: Json) -> Operation[None]:
    """Return a request to end the connection of a station."""
    return Operation("DELETE", of_station(identity, "/connection"), nothing, query)


def read_state(identity: str) -> Operation[Json]:
    """Return a request to show the full state of a station."""
    return Operation("GET", of_station(identity), unchanged)


def read_coverage(identity: str, states: Sequence[str]) -> Operation[Json]:
    """Return a request to show which requirements a station has been seen to meet."""
    return Operation("GET", of_station(identity, "/coverage"), unchanged, {"state": list(states)})


def read_profile(identity: str) -> Operation[Json]:
    """Return a request to show the server's settings for a station."""
    return Operation("GET", of_station(identity, "/profile"), unchanged)


def change_profile(identity: str, changes: Json) -> Operation[Json]:
    """Return a request to change the server's settings for a station."""
    return Operation("PATCH", of_station(identity, "/profile"), unchanged, body=changes)


def set_password(identity: str, password: str) -> Operation[None]:
    """Return a request to set the password that a station needs to connect."""
    return Operation("PUT", of_station(identity, "/password"), nothing, body={"password": password})
