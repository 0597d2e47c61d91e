// The state of the page that follows the server: entries, findings and stations.
//
// Entries and findings are plain lists, because a signal for each of 10,000 would be slow. A view that reads them also
// reads `recorded.value`, which changes at most once per frame of the screen, and is drawn again then.

import { effect, signal } from "@preact/signals";
import { get, ignoreFailedRequest, isFailedRequest, needsToken, reached, send, token } from "./api.js";
import { follow } from "./follow.js";
import { JournalRecord, MAX_ENTRIES } from "./record.js";

const STATIONS_EVERY_MS = 1_000;

/** "connecting", "live" or "lost", with the reason and the time since when. */
export const link = signal({ state: "connecting", reason: "", since: Date.now() });

/** Entries and findings; another record after a restart of the server. */
export let record = new JournalRecord();

/** Changes whenever `record` has changed. */
export const recorded = signal(0);

/** Summaries of the stations by identity, as in GET /v1/stations, in the order of the identities. */
export const stations = signal(new Map());

/** Whether the server has answered which stations there are. */
export const areStationsKnown = signal(false);

/** Facts of the server (GET /v1/server); null until they are known. */
export const server = signal(null);

/** Run and newest version of the certification rehearsal, as in the event `rehearsal`; null if there was none. */
export const announced = signal(null);

/** Functions that are called with each list of new entries, past ones included. */
export const onEntries = [];

let session = new AbortController();

/** Start to follow, and begin anew whenever another token is used. */
export const start = () => {
  effect(() => {
    token.value;
    session.abort();
    session = new AbortController();
    run(session.signal);
  });
};

const run = async (abort) => {
  while (!abort.aborted) {
    try {
      await followOnce(abort);
    } catch (error) {
      if (abort.aborted) return;
      if (needsToken.value) return report("connecting");
      if (!isFailedRequest(error)) console.error(error);
      report("lost", isFailedRequest(error) ? error.message : `the page has failed (${error.message})`);
    }
    if (needsToken.value) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
};

const followOnce = async (abort) => {
  const { last } = await get("v1/journal", { limit: 1 }, { signal: abort });
  clear();
  refreshServer(abort).catch(ignoreFailedRequest); // the stream reports that the server cannot be reached
  const refreshing = new AbortController();
  const stop = AbortSignal.any([abort, refreshing.signal]);
  const since = Math.max(0, last - MAX_ENTRIES);
  const following = follow({ since, onEvents: take, onState: report, abort: stop });
  await Promise.race([following, keepStations(stop)]).finally(() => refreshing.abort());
};

const refreshServer = async (abort) => {
  server.value = await get("v1/server", {}, { signal: abort });
};

const clear = () => {
  record = new JournalRecord();
  announced.value = null;
  drawSoon();
};

const report = (state, reason = "") => {
  if (link.value.state !== state || link.value.reason !== reason) link.value = { state, reason, since: Date.now() };
};

const take = (events) => {
  const fresh = [];
  for (const { id, event, data } of events) {
    if (event === "entry") {
      const entry = JSON.parse(data);
      if (record.addEntry(entry)) fresh.push(entry);
    } else if (event === "finding") record.addFinding(JSON.parse(data), id);
    else if (event === "rehearsal") announced.value = JSON.parse(data);
    else if (event === "missed") {
      const { from, to } = JSON.parse(data);
      record.addGap(from, to);
    }
  }
  for (const listener of onEntries) listener(fresh);
  if (events.some(({ event }) => event && event !== "rehearsal")) drawSoon();
};

let isDrawing = false;

const drawSoon = () => {
  if (isDrawing) return;
  isDrawing = true;
  // A hidden tab has no frames; the timer keeps its state up to date.
  const draw = () => {
    if (!isDrawing) return;
    isDrawing = false;
    recorded.value += 1;
  };
  requestAnimationFrame(draw);
  setTimeout(draw, 250);
};

/** Fetch the stations that have changed, every second; all of them if the server has forgotten some. */
const keepStations = async (abort) => {
  let changedSince = 0;
  while (!abort.aborted) {
    const answer = await changedStations(changedSince, abort).catch(ignoreFailedRequest); // the stream reports it
    if (abort.aborted) return;
    if (answer) mergeStations(answer.changed, changedSince === 0);
    changedSince = answer?.count === stations.value.size ? answer.last : 0;
    await new Promise((resolve) => setTimeout(resolve, STATIONS_EVERY_MS));
  }
};

/** The stations that have changed after an entry, the number of all stations, and that of the newest entry. */
const changedStations = async (changedSince, abort) => {
  const response = await send("GET", "v1/stations", { params: { changedSince }, signal: abort });
  const numberIn = (name) => Number(response.headers.get(name));
  return { changed: await reached(response.json()), count: numberIn("X-Stations"), last: numberIn("X-Last-Entry") };
};

const mergeStations = (changed, isWhole) => {
  areStationsKnown.value = true;
  if (!changed.length && !isWhole) return;
  const merged = isWhole ? new Map() : new Map(stations.value);
  for (const station of changed) merged.set(station.id, station);
  const known = stations.value;
  const isSorted = !isWhole && changed.every(({ id }) => known.has(id));
  stations.value = isSorted ? merged : new Map([...merged].sort(([one], [other]) => compare(one, other)));
};

const compare = new Intl.Collator("en", { numeric: true }).compare;
