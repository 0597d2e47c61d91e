"""--print-config: every setting is printed, and the output can be loaded again."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mock_csms.behaviour.faults import AT_HANDSHAKE, FAULT_KINDS
from mock_csms.behaviour.rules import ErrorAnswer, Rule, Then, When
from mock_csms.behaviour.tokens import Token
from mock_csms.settings import SETTING_FIELDS, Settings, read_settings
from mock_csms.settings.listening_settings import ListenerSettings
from mock_csms.v201.version import OCPP_2_0_1
from server import OCPP_VERSIONS
from tests.support.paths import EXAMPLES
from tests.support.settings import ErrorOf, Read, settings_of_file

EXAMPLE_FILES = sorted(EXAMPLES.glob("*.toml"))


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


EVERYTHING = """
host = "0.0.0.0"
port = 9001
public_url = "wss://csms.example.com:9443/ocpp"
max_connections = 100
max_message_size = 65536
compression = false
ping_interval = 0.5
ping_timeout = 10
station_origins = ["http://localhost:3000"]
no_common_subprotocol = "refuse"
ready_file = "a folder/ready.json"
tls = true
tls_port = 9443
pki = "a folder/pki"
tls_name = ["csms.example.org"]
tls_cert = ["a folder/rsa.pem", "ecdsa.pem"]
tls_key = ["rsa.key", "ecdsa.key"]
tls_ca = "ca.pem"
client_identity = "serial-number"
client_organization = "Example CSO"
serial_number_mismatch = "close"
tls_fault = "expired=2"
station = "CS0*"
seed = 123456789012345678901234567890
log_level = "warning"
log_format = "json"
color = "always"
control = "127.0.0.1:9002"
no_control = false
control_token = "a-token"
control_origins = ["http://localhost:3000"]
files = "a folder"
max_upload = 1000
journal = "run.jsonl"
journal_rotate = 1000000
journal_max = 100
journal_max_bytes = 100000
expect = ["TransactionEvent[eventType=Ended,seqNo=3]==1", ">Reset"]
expect_order = true
deadline = 60
exit_after = 0.5
exit_with_stdin = true
fail_on = ["findings", "errors"]
junit = "out.xml"
report = "out.json"
findings = "always"
hints = true
silence = ["evse-missing"]

command = "Reset"
period = 5
delay = 0.25
start = "connect"
repeat = "boot"
payload = { type = "OnIdle", customData = { vendorId = "a \\"quoted\\" \\\\ vendor\\n" } }
call_timeout = 1.5
get_variables_limit = 4
set_variables_limit = 5
get_report_limit = 6
trigger_message = "Heartbeat"
reset_type = "OnIdle"
availability_status = "Inoperative"
get_variables = ["OCPPCommCtrlr.HeartbeatInterval", "EVSE[left]#1/Power[AC]"]
set_variables = ["OCPPCommCtrlr.HeartbeatInterval=60", "EVSE.Label=a, b = c"]
id_token = "AABBCC"
local_list_tokens = ["AABBCC", "a b"]
reservation_id = 7
reserve_id_token = "DDEEFF"
reserve_evse_id = 2
security_profile = 1
password = "a-password-in-plain-text"
validation = "report"
boot_status = "Pending"
boot_status_sequence = ["Rejected", "Accepted"]
heartbeat_interval = 60
boot_retry_interval = 10
clock_skew = "-15m"
cost_per_kwh = 1e-7
total_cost = 12.5
auth_mode = "whitelist"
whitelist = ["AABBCC"]
blacklist = []
unknown_token = "Unknown"
offline = true
auth_group_id = "GROUP"
auth_cache_expiry = 3600
concurrent_tx = true
master_pass_group = "MASTER"
charging_profiles = false
charging_limit = 16
cost_updates = true
after_invalid_id = "stop"
follow_up_delay = 1.5
certificates = "hold"
certificate_delay = 90.0
ev_certificate_status = "Failed"
exi_response = "gJgC"
bad_certificate = "expired"
certificate_chain = "root"
install_certificate = "v2g-root"
delete_certificate = "v2g-root"
hash_algorithm = "SHA384"
firmware = "firmware-2.bin"
firmware_signature = "wrong"
contract_roots = "own"
ocsp = "ask"
ocsp_timeout = 2.0
refuse_second_token = true
updated_tariff = "0.32 EUR/kWh"
ask_for_boot = "true"
request_inventory = true
check_transactions = true
faults = ["Heartbeat:no-answer:times=2", { station = "CS1", action = "BootNotification", kind = "close", reason = "a, b" }]

[tokens."AA BB"]
status = "Blocked"
type = "ISO14443"
groupIdToken = "FAMILY"
cacheExpiry = 3600
personalMessage = "Grüße ☃"
evseId = [1, 2]
language = "en"
certificateStatus = "CertificateRevoked"

[tokens.UNTIL]
cacheExpiry = 2030-01-01T00:00:00Z

[listeners.second]
port = 9003
host = "0.0.0.0"
security_profile = 2
tls = true
plain = false
certificate = "ecdsa"
tls_fault = "self-signed"

[stations."CS-*"]
commands = ["Reset:0.5", "ClearCache:0"]
clock-skew = "2h"

[stations."CS-*".tokens.UNTIL]
status = "Accepted"

[stations.CS-1]
faults = ["BootNotification:delay=1"]
boot-status-sequence = []

[[rules]]
id = "boot"
times = 2
probability = 0.5
priority = 1
ttl = 60
set = "booted"
validate = false
enabled = true
when = { station = "CS*", action = "BootNotification", direction = "call", payload = { reason = "PowerUp" }, expression = "chargingStation.model == 'M'", nth = 1, state = "start" }
then = [
    { command = { action = "Reset", payload = { type = "OnIdle" }, delay = 1 }, fault = "delay=2" },
    { answer = { currentTime = "{{now}}" }, fault = { kind = "delay", min = 0.1, max = 0.2 } },
    { error = { code = "InternalError", description = "no", details = { a = [1, { b = "c" }] } } },
]

[[rules]]
set = "start"
when.action = "Heartbeat"
"""  # noqa: E501 - an inline table is one line


FLAGS = "--port 0 --seed 7 --no-compression --fault Heartbeat:reset --whitelist X 'Y Z' --cost-updates"


ENVIRONMENT = {"HOST": "::1", "PORT": "1", "PAYLOAD": '{"type": null}'}


SECRET_TOKEN = "# control_token = '***'  # it is secret; set it again"


def printed(capsys: pytest.CaptureFixture[str], path: Path, line: str = "", **environment: str) -> str:
    """Return the output of --print-config."""
    with pytest.raises(SystemExit) as caught:
        settings_of_file(path, f"{line} --print-config", **environment)
    assert caught.value.code == 0
    return capsys.readouterr().out


def effective(settings: Settings) -> Settings:
    """Copy settings without ``config`` and ``control_token``, and with the OCPP version's defaults."""
    defaults = {"trigger_message": settings.trigger_message or OCPP_2_0_1.default_trigger}
    return settings.model_copy(update={"config": None, "control_token": None, **defaults})


def assert_same(settings: Settings, others: Settings) -> None:
    """Assert that two settings have equal values and rules, and an equal profile for each station pattern."""
    settings, others = effective(settings), effective(others)
    assert settings == others
    for pattern in settings.stations:
        assert settings.profile(pattern) == others.profile(pattern)
        assert settings.stations[pattern].model_fields_set == others.stations[pattern].model_fields_set
    assert list(settings.all_rules()) == list(others.all_rules())


def loaded(tmp_path: Path, page: str) -> Settings:
    path = tmp_path / "printed.toml"
    path.write_text(page, encoding="utf-8")
    return settings_of_file(path)


def fields_set(models: list[BaseModel]) -> set[str]:
    return {name for model in models for name in model.model_fields_set}


def test_complete_file_sets_every_field(read: Read) -> None:
    settings = read(EVERYTHING)
    thens = [then for rule in settings.rules for then in rule.then]

    fields = set(Settings.model_fields) - {"password_file"}  # cannot be set together with password
    assert fields_set([settings, *settings.stations.values()]) >= fields
    assert fields_set([*settings.tokens.values()]) == set(Token.model_fields)
    assert fields_set([*settings.listeners.values()]) == set(ListenerSettings.model_fields)
    assert fields_set([*settings.rules]) == set(Rule.model_fields)
    assert fields_set([rule.when for rule in settings.rules]) == set(When.model_fields)
    assert fields_set([*thens]) == set(Then.model_fields)
    assert fields_set([then.error for then in thens if then.error]) == set(ErrorAnswer.model_fields)


@pytest.mark.parametrize(
    "content",
    [
        case("defaults", ""),
        case("everything", EVERYTHING),
        *(case(path.stem, path.read_text(encoding="utf-8")) for path in EXAMPLE_FILES),
    ],
)
def test_printed_settings_can_be_loaded(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path, content: str
) -> None:
    settings = read(content)

    assert_same(loaded(tmp_path, printed(capsys, file)), settings)


@pytest.mark.parametrize("kind", [kind for kind in FAULT_KINDS if kind not in {"delay", "no-answer"}])
def test_printed_fault_can_be_loaded(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path, kind: str
) -> None:
    action = "handshake" if kind in AT_HANDSHAKE else "Heartbeat"
    settings = read(f"[[rules]]\nwhen.action = '{action}'\nthen.fault.kind = '{kind}'\n")

    assert_same(loaded(tmp_path, printed(capsys, file)), settings)


def test_printed_settings_include_flags_and_environment(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    settings = read(EVERYTHING, FLAGS, **ENVIRONMENT)

    again = loaded(tmp_path, printed(capsys, file, FLAGS, **ENVIRONMENT))

    assert_same(again, settings)
    assert (again.host, again.port, again.payload) == ("::1", 0, {"type": None})
    assert (again.whitelist, again.faults) == (("X", "Y Z"), ("Heartbeat:reset",))


def test_flags_are_printed_without_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--port", "0", "--print-config"], {"OCPP_MOCK_HOST": "::1"}, OCPP_VERSIONS)

    assert_same(loaded(tmp_path, capsys.readouterr().out), Settings(host="::1", port=0))


def test_printing_loaded_print_gives_the_same_text(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    read(EVERYTHING)
    page = printed(capsys, file)
    loaded(tmp_path, page)

    assert printed(capsys, tmp_path / "printed.toml") == page.replace(SECRET_TOKEN, "# control_token =")


def test_secrets_are_not_printed(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    read(EVERYTHING)
    page = printed(capsys, file)

    assert f"\n{SECRET_TOKEN}\n" in page
    assert "a-token" not in page
    assert "a-password-in-plain-text" not in page
    assert '\npassword = "{SSHA256}' in page


def test_password_file_is_printed_without_its_password(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    password_file = tmp_path / "password.txt"
    password_file.write_text("a-password-in-a-file")
    settings = read(f"password_file = '{password_file}'")

    page = printed(capsys, file)

    assert "\n# password =\n" in page
    assert "a-password-in-a-file" not in page
    assert_same(loaded(tmp_path, page), settings)


@pytest.mark.parametrize("name", [name for name in SETTING_FIELDS if name != "config"])
def test_setting_is_printed_below_its_description(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, name: str
) -> None:
    read("")
    description = re.escape(str(SETTING_FIELDS[name].description))

    assert re.search(rf"^# {description}\n(# )?{name} =", printed(capsys, file), re.MULTILINE)


def test_unset_setting_is_printed_as_comment(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path
) -> None:
    read("")

    assert "\n# ready_file =\n" in printed(capsys, file)


def test_config_is_not_printed(capsys: pytest.CaptureFixture[str], read: Read, file: Path) -> None:
    read("")

    assert "config =" not in printed(capsys, file)


@pytest.mark.parametrize(
    "content",
    [
        "commands = ['Reset:1234567.25', 'GetBaseReport:0.1234567']",
        "command = 'GetBaseReport'\nperiod = 5\n[stations.CS1]\ncommand = ''",
    ],
)
def test_printing_loses_no_precision_and_no_empty_command(
    capsys: pytest.CaptureFixture[str], read: Read, content: str
) -> None:
    before = read(content)
    with pytest.raises(SystemExit):
        read(content, "--print-config")
    after = read(capsys.readouterr().out)
    assert after.commands == before.commands
    assert after.profile("CS1").command == before.profile("CS1").command


@pytest.mark.parametrize("levels", [97, 98])
def test_rule_with_more_levels_than_a_file_may_have_is_a_comment(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path, levels: int
) -> None:
    payload = f"{'{ a = ' * levels}{{ x = 1 }}{' }' * levels}"
    then = "then.error = {}\n"
    read(f"[[rules]]\nid = 'deep'\nwhen.payload = {payload}\n{then}[[rules]]\nid = 'flat'\n{then}")
    page = printed(capsys, file)
    is_left_out = "\n# deep: this rule has more than the 100 levels of a settings file" in page
    assert is_left_out == (levels == 98)
    assert [rule.id for rule in loaded(tmp_path, page).rules] == ["deep", "flat"][is_left_out:]


def test_wrong_settings_are_not_printed(capsys: pytest.CaptureFixture[str], error_in: ErrorOf) -> None:
    error_in("port = 'http'", "--print-config")

    assert capsys.readouterr().out == ""
