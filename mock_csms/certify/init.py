"""``certify init``: writes a station file from what the device model of a station shows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from mock_csms.certify.features import FEATURES, PROFILES, Feature
from mock_csms.certify.inventory import LearntFeatures, WrongReport, learn_features
from mock_csms.certify.runner import reason_of
from mock_csms.certify.station_file import StationFile, TimesTable
from mock_csms.client import AsyncClient, AsyncStationHandle, StationFailure, WrongAnswer

REPORT_REQUEST: Final = 900_001
REPORT_S: Final = 120.0
ASK: Final = "  # ? The device model does not show these features. Remove the # of each that the station has:"

ASK_PASSWORD: Final = '# password = "..."  # ? its BasicAuthPassword, in security profiles 1 and 2'


async def station_file_of(
    client: AsyncClient, file: StationFile, claims: Collection[str] = ()
) -> tuple[str, str]:
    """Read the device model of a connected station; return the text of its station file, and a reason.

    The reason says why the device model could not be read; it is empty if it was read. ``file`` has the
    identity, tokens and times. ``claims`` are features to claim although no variable shows them.
    """
    try:
        learnt = learn_features(await _device_model(client.station(file.station.identity)))
    except (StationFailure, WrongReport) as failure:
        return text_of_file(file, learn_features([])), reason_of(failure)
    return text_of_file(file, _claiming(learnt, claims)), ""


async def _device_model(station: AsyncStationHandle) -> list[dict[str, Any]]:
    """Return the rows of the full inventory; raises StationFailure."""
    answer = await station.call("GetBaseReport", requestId=REPORT_REQUEST, reportBase="FullInventory")
    answer.is_("Accepted")
    parts = await station.collects("NotifyReport", requestId=REPORT_REQUEST, within=REPORT_S)
    rows = [row for part in parts for row in part.payload.get("reportData", [])]
    if not rows:
        raise WrongAnswer("the station reports an empty device model")
    return rows


def _claiming(learnt: LearntFeatures, claims: Collection[str]) -> LearntFeatures:
    """Return the features with those of ``claims`` moved from the asked to the claimed ones."""
    claimed = [id_ for id_ in learnt.asked if id_ in claims]
    asked = tuple(id_ for id_ in learnt.asked if id_ not in claimed)
    return replace(learnt, claimed=(*learnt.claimed, *claimed), asked=asked)


def text_of_file(file: StationFile, learnt: LearntFeatures) -> str:
    """Return the text of a station file: learnt features are claimed, features to ask about are comments."""
    evses = ", ".join(f"{evse} = {list(connectors)}" for evse, connectors in learnt.evses.items())
    profiles = [name for name in PROFILES if name == "Core" or name in learnt.claimed]
    return "\n".join(
        [
            "# Profiles and features that the station claims; they decide which certification cases apply.",
            "# Complete the lines that are marked with ?, then run: mock-csms certify FILE",
            "",
            "[station]",
            f'identity = "{file.station.identity}"',
            f"profiles = {_list(profiles)}  # of {', '.join(PROFILES)}",
            f"evses = {{ {evses or '1 = [1]'} }}  # connectors by EVSE; the cases use the first of them",
            'start = "local"  # or "remote": how a session is authorized in cases that allow both',
            'stop = "local"  # or "remote": how a session is stopped in cases that allow both',
            "slots = [1, 2]  # two slots for network profiles that the station has",
            *([f'password = "{password}"'] if (password := file.station.password) else [ASK_PASSWORD]),
            "features = [",
            *_features(learnt.claimed, "  "),
            *([ASK] if learnt.asked else []),
            *_features(learnt.asked, "  # "),
            "]",
            "",
            "[tokens]  # ? tokens that somebody can present at the station",
            *(f"{name} = {_token(getattr(file.tokens, name))}" for name in _TOKENS),
            "",
            "[times]  # in seconds",
            *(f"{name} = {value:g}  # {_described(name)}" for name, value in file.times),
            "",
            "[rig]  # ? what plugs in and presents tokens; without a line below, you are asked to do it",
            '# http = "http://127.0.0.1:9002"  # POST /plug-in {"evse": 1}',
            '# command = "./rig.sh"  # ./rig.sh plug-in evse=1',
            '# python = "my_rig:MyRig"',
            "",
            "[known]  # cases that are expected to fail, with the reason",
            '# TC_E_05_CS = "issue 12"',
            "",
        ]
    )


def _described(name: str) -> str:
    """Return the description of a time in the station file, for a comment."""
    return str(TimesTable.model_fields[name].description).rstrip(".")


_TOKENS: Final = ("valid", "second", "invalid", "master_pass")


def _features(ids: Iterable[str], prefix: str) -> list[str]:
    features = [FEATURES[id_] for id_ in ids if id_ not in PROFILES]
    width = max((len(feature.id) for feature in features), default=0) + 3
    return [f"{prefix}{_quoted(feature):{width}}  # {feature.description}" for feature in features]


def _quoted(feature: Feature) -> str:
    return f'"{feature.id}",'


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _token(token: Any) -> str:
    members: Mapping[str, str] = token.as_json
    return "{ " + ", ".join(f'{name} = "{value}"' for name, value in members.items()) + " }"
