"""Prometheus metrics."""

import asyncio
import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.control import (
    booted_raw,
    driven,
    send_command,
)
from tests.support.station import PATIENCE, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_metrics_count_connections_messages_faults_and_answers() -> None:
    async with driven(faults="Heartbeat:no-answer:times=1") as (csms, client), booted_raw(csms) as connection:
        await connection.send('[2,"lost","Heartbeat",{}]')
        await connection.send('[2,"kept","Heartbeat",{}]')
        assert (await receive(connection))[1] == "kept"
        for status in ("Accepted", "Rejected"):
            pending_answer = asyncio.create_task(send_command(client, "CS1", "Reset"))
            _, message_id, *_ = await receive(connection)
            await connection.send(json.dumps([3, message_id, {"status": status}]))
            await pending_answer
        await send_command(client, "CS1", "Reset", timeout=0.05)
        answer = await client.get("/metrics")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples["ocpp_connections",] == samples["ocpp_connections_opened_total",] == 1
    assert samples["ocpp_messages_total", "BootNotification", "received", "result"] == 1
    assert samples["ocpp_messages_total", "Heartbeat", "received", "result"] == 1
    assert samples["ocpp_messages_total", "Heartbeat", "received", "withheld"] == 1
    for outcome in ("refused", "result", "timeout"):
        assert samples["ocpp_messages_total", "Reset", *sorted((outcome, "sent"))] == 1
    assert samples["ocpp_faults_total", "no-answer"] == 1
    assert samples["ocpp_answer_seconds_count", "Reset"] == 2
    assert samples["ocpp_answer_seconds_bucket", "+Inf", "Reset"] == 2
    assert samples["ocpp_answer_seconds_bucket", "10.0", "Reset"] == 2
    assert 0 < samples["ocpp_answer_seconds_sum", "Reset"] < PATIENCE
