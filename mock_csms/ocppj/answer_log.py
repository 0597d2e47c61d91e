"""Log lines about unusual answers to stations, and about the answers of stations to commands."""

import logging
from typing import Any

from mock_csms.journal.recorder import AnsweredCall
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine, logger
from mock_csms.log.summary import error_summary
from mock_csms.messages import CallError
from mock_csms.ocppj.exchange import Exchange
from mock_csms.versions import SHOWN_OUTCOMES, OcppVersion


def log_unusual_answer(station: str, version: OcppVersion, answered: AnsweredCall, elapsed: float) -> None:
    """Log a CALLERROR to a station, or the answer to a CALL to which a rule applied."""
    hit, refusal = answered.hit, answered.refusal
    outcome, level = ("result", logging.INFO) if refusal is None else ("ERROR", logging.WARNING)
    rule = ""
    if hit is not None:
        rule = f"rule {hit.rule}: {hit.then}"
        if hit.then.alters:
            outcome, level = "INJECTED", logging.INFO
    content: Any = answered.payload
    if refusal is not None:
        content = refusal.in_words(version.dialect)
    elif content is None:
        content = "nothing"
    action = answered.call.action
    logger.log(level, MessageLine(station, TO_STATION, action, content, outcome, elapsed, rule))


def log_command_answer(station: str, version: OcppVersion, action: str, exchange: Exchange) -> None:
    """Log the answer of a station to a command."""
    answer, elapsed = exchange.answer, exchange.elapsed
    if isinstance(answer, CallError):
        text = error_summary(answer.code, answer.description)
        logger.warning(MessageLine(station, FROM_STATION, action, text, "ERROR", elapsed))
        return
    outcome = version.outcome(answer.payload)
    level = logging.INFO if outcome == "result" else logging.WARNING
    line = MessageLine(station, FROM_STATION, action, answer.payload, SHOWN_OUTCOMES[outcome], elapsed)
    logger.log(level, line)
