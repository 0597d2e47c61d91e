"""Model of the events in a stream."""

from typing import Literal

from mock_csms.control.models.base import Model, absent


class StreamedEvent(Model):
    """An event of a stream as an object; the stream itself is text (server-sent events)."""

    event: Literal["entry", "finding", "rehearsal", "missed", "cut-off"]
    """Kind of event."""
    id: str = absent()
    """Id to send in `Last-Event-ID` to resume after this event; if absent, the id of the previous event."""
    data: str
    """JSON: a `JournalEntry` for `entry`, a `FindingView` for `finding`, the `run` and its newest `version`
    for `rehearsal`, the range of missing entry numbers (`from`, `to`) for `missed`, and an empty object for
    `cut-off`."""
