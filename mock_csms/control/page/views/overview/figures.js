// Numbers and sentences of the overview, made from the statistics and facts of the server.

import { count } from "../../format.js";

const NEWEST_SAMPLES = 5; // ten seconds: a single sample jumps too much to be read

/** The history of the statistics without any sample. */
export const NO_HISTORY = { time: [], received: [], sent: [], errors: [], connected: [], refused: [], answerMs: [], mockMs: [] };

/** Mean of the newest values; null if there is none. */
export const newestMean = (values) => {
  const known = values.slice(-NEWEST_SAMPLES).filter((value) => value != null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
};

/** The newest value that is known; null if there is none. */
export const newestKnown = (values) => values.findLast((value) => value != null) ?? null;

/** Number of events in a history of events per second, whose samples are `stepS` seconds long. */
export const eventsIn = (perSecond, stepS = 2) => Math.round(perSecond.reduce((sum, value) => sum + value, 0) * stepS);

/** A rate or another positive number in few digits: "0", "0.4", "12", "1,240". */
export const fewDigits = (value) => {
  if (value > 0 && value < 0.05) return "<0.1";
  if (value < 10) return String(Math.round(value * 10) / 10);
  return count(Math.round(value));
};

/** The times and reasons of a scheduled command: "after 5 s, then every 30 s". */
export const planOf = ({ delay, period }) => {
  const parts = [];
  if (delay != null) parts.push(delay ? `after ${fewDigits(delay)} s` : "at once");
  if (period != null) parts.push(`${parts.length ? "then " : ""}every ${fewDigits(period)} s`);
  return parts.join(", ");
};

/** The stations that get a scheduled command. */
export const audienceOf = ({ stations }) => (stations === "*" ? "all stations" : stations);

/** The share of the journal's memory that is used, from 0 to 1: of entries or of bytes, whichever is more. */
export const fillOf = ({ stored, maxEntries, bytes, maxBytes }) =>
  Math.min(1, Math.max(stored / Math.max(1, maxEntries), bytes / Math.max(1, maxBytes)));

/** The stations with the most findings of severity error, then warning; those without any are left out. */
export const worstStations = (stations, limit) =>
  [...stations]
    .filter(({ findings }) => findings && findings.error + findings.warning > 0)
    .sort((one, other) => other.findings.error - one.findings.error || other.findings.warning - one.findings.warning)
    .slice(0, limit);
