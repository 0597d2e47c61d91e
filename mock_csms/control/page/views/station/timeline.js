// The timeline of a transaction: its events as they arrived, and the gaps between them.

import { span } from "../../format.js";

const LATE_S = 5; // an event that arrives this much later was probably queued

/** TransactionEvents of a station in the order of arrival, by transactionId. */
export const eventsByTransaction = (entries, station) => {
  const events = new Map();
  for (const entry of entries) {
    if (entry.action !== "TransactionEvent" || entry.station !== station || entry.type !== "call") continue;
    const id = entry.frame?.[3]?.transactionInfo?.transactionId;
    if (!events.has(id)) events.set(id, []);
    events.get(id).push(entry);
  }
  return events;
};

/** Entries before a number, fetched backwards page by page; `fetchPage(before)` resolves with the newest of them. */
export const entriesBefore = async (fetchPage, before, pageSize, maxPages) => {
  const pages = [];
  for (let end = before; pages.length < maxPages; end = pages[0][0].number) {
    pages.unshift(await fetchPage(end));
    if (pages[0].length < pageSize) break;
  }
  return pages.flat();
};

/** Expression of a journal query (JMESPath) for the events of a transaction. */
export const expressionFor = (transactionId) =>
  `frame[3].transactionInfo.transactionId == \`${JSON.stringify(transactionId).replaceAll("`", "\\`")}\``;

/** Expression for the messages that have a text anywhere. */
export const expressionWith = (text) => `contains(to_string(frame), \`${JSON.stringify(text).replaceAll("`", "\\`")}\`)`;

/**
 * Rows of a timeline: an event is `{number, time, eventType, trigger, chargingState, seqNo, notes}`, and seqNos that
 * are missing before it are `{gap: [from, to]}`. `missing` is a list of seqNos, `answerTo` finds the answer to an entry.
 */
export const timelineOf = (entries, missing, answerTo = () => undefined) => {
  const seen = new Set();
  let highest = -1;
  const rows = [];
  for (const entry of entries) {
    const event = entry.frame[3];
    const { seqNo } = event;
    rows.push(...rangesOf(missing.filter((number) => number > highest && number < seqNo)).map((gap) => ({ gap })));
    rows.push(rowOf(entry, event, [...orderNotes(seqNo, seen, highest), ...notesOf(entry, event, answerTo(entry.number))]));
    seen.add(seqNo);
    if (seqNo > highest) highest = seqNo;
  }
  return rows;
};

const rowOf = ({ number, time }, event, notes) => ({
  number,
  time: event.timestamp ?? time,
  eventType: event.eventType,
  trigger: event.triggerReason,
  chargingState: event.transactionInfo?.chargingState,
  seqNo: event.seqNo,
  notes,
});

/** Ranges of consecutive numbers: `[3, 4, 7]` is `[[3, 4], [7, 7]]`. */
const rangesOf = (numbers) => {
  const ranges = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
};

const orderNotes = (seqNo, seen, highest) => {
  if (seen.has(seqNo)) return ["repeated"];
  return seqNo < highest ? ["out of order"] : [];
};

const notesOf = (entry, event, answer) => {
  const delay = (Date.parse(entry.time) - Date.parse(event.timestamp)) / 1_000;
  const status = answer?.frame?.[2]?.idTokenInfo?.status;
  return [
    event.offline === true && "offline",
    delay >= LATE_S && `arrived ${span(delay)} later`,
    event.transactionInfo?.stoppedReason && `stopped: ${event.transactionInfo.stoppedReason}`,
    event.transactionInfo?.remoteStartId != null && `remote start ${event.transactionInfo.remoteStartId}`,
    event.reservationId != null && `reservation ${event.reservationId}`,
    status && `token ${status}`,
    answer?.type === "error" && "answered with an error",
    entry.violation && "breaks its schema",
  ].filter(Boolean);
};
