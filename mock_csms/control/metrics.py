"""Prometheus metrics of the running mock."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from mock_csms.csms import Csms
from mock_csms.journal.statistics import BOUNDS, Latency

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class MetricsCollector(Collector):
    """Builds the metrics from the mock's counters each time they are requested."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        csms, records = self._csms, self._csms.records
        statistics = records.statistics
        yield GaugeMetricFamily("ocpp_connections", "Stations connected now.", value=len(csms.sessions))
        yield CounterMetricFamily(
            "ocpp_connections_opened", "Connections opened since the start.", value=statistics.connections
        )
        refused = CounterMetricFamily(
            "ocpp_handshakes_refused", "Refused opening handshakes by reason.", labels=["reason"]
        )
        for reason, count in statistics.refused.items():
            refused.add_metric([reason], count)
        yield refused
        messages = CounterMetricFamily(
            "ocpp_messages",
            "CALLs by direction, action and outcome.",
            labels=["direction", "action", "outcome"],
        )
        for labels, count in statistics.messages.items():
            messages.add_metric(labels, count)
        yield messages
        faults = CounterMetricFamily("ocpp_faults", "Faults injected by rules.", labels=["kind"])
        for kind, count in statistics.faults.items():
            faults.add_metric([kind], count)
        yield faults
        findings = CounterMetricFamily("ocpp_findings", "Findings about stations.", labels=["id"])
        for name, count in records.found.items():
            findings.add_metric([name], count)
        yield findings
        latencies = HistogramMetricFamily(
            "ocpp_answer_seconds", "Time stations took to answer, in seconds.", labels=["action"]
        )
        for action, latency in statistics.latencies.items():
            latencies.add_metric([action], _buckets(latency), latency.sum)
        yield latencies


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip(BOUNDS, latency.buckets, strict=True):
        total += count
        buckets.append((str(bound), float(total)))
    return [*buckets, ("+Inf", float(latency.count))]


def exposition(csms: Csms) -> bytes:
    """The metrics in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(MetricsCollector(csms))
    return generate_latest(registry)
