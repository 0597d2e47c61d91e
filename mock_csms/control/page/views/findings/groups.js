// Findings as data: merged from two sources, filtered, grouped and counted.

import { hasWords, wordsOf } from "../../search.js";

export const SEVERITIES = ["error", "warning", "hint"];

const identities = new WeakMap();

/** Text that is the same for one finding, whether it comes from the list of the server or from its events. */
export const identityOf = (finding) => {
  let identity = identities.get(finding);
  if (!identity) {
    const { id, station, time, frames, sentence } = finding;
    identity = JSON.stringify([id, station, time, frames, sentence]);
    identities.set(finding, identity);
  }
  return identity;
};

/** The newest findings of both lists, each once, the oldest first. */
export const merged = (listed, live, limit) => {
  const known = new Set(live.map(identityOf));
  const all = [...listed.filter((finding) => !known.has(identityOf(finding))), ...live];
  all.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
  return all.slice(-limit);
};

/**
 * Whether a finding passes the filters `{severity, station, id, text}`; empty ones pass everything. `stationIds` are
 * the identities of all stations: one of them means this station only, any other text a part of an identity.
 */
export const filterOf = ({ severity = "", station = "", id = "", text = "" }, stationIds) => {
  const wanted = station.toLowerCase();
  const isIdentity = stationIds.some((known) => known.toLowerCase() === wanted);
  const words = wordsOf(text);
  return (finding) => {
    const identity = finding.station.toLowerCase();
    return (
      (!severity || finding.severity === severity) &&
      (!id || finding.id === id) &&
      (isIdentity ? identity === wanted : identity.includes(wanted)) &&
      hasWords(words, finding.id, finding.section, finding.station, finding.sentence)
    );
  };
};

/**
 * Groups of findings by "id" or "station": `{name, findings, counts, others}`, where `counts` are numbers by severity
 * and `others` the stations, or the ids, of the group. Groups with errors come first, then by name: an order by numbers
 * would move the groups while they are read.
 */
export const grouped = (findings, name) => {
  const other = name === "id" ? "station" : "id";
  const groups = new Map();
  for (const finding of findings) {
    let group = groups.get(finding[name]);
    if (!group) {
      group = { name: finding[name], findings: [], counts: { error: 0, warning: 0, hint: 0 }, others: new Set() };
      groups.set(finding[name], group);
    }
    group.findings.push(finding);
    group.counts[finding.severity] += 1;
    group.others.add(finding[other]);
  }
  return [...groups.values()].sort(byWeight);
};

const byWeight = (one, other) => worst(one) - worst(other) || compare(one.name, other.name);

const worst = ({ counts }) => SEVERITIES.findIndex((severity) => counts[severity] > 0);

const compare = new Intl.Collator("en", { numeric: true }).compare;

/** How many of the findings had been made by the time of `last`; all of them if it is no longer among them. */
export const lengthUntil = (findings, last) => {
  const wanted = identityOf(last);
  return findings.findLastIndex((finding) => identityOf(finding) === wanted) + 1 || findings.length;
};

/** Numbers of findings by severity. */
export const countsOf = (findings) => {
  const counts = { error: 0, warning: 0, hint: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
};

/** The kinds of findings that pass a search; with `isSilenced`, only silenced ones. */
export const matchingKinds = (kinds, { text = "", severity = "", isSilenced = false }) => {
  const words = wordsOf(text);
  return kinds.filter(
    (kind) =>
      (!severity || kind.severity === severity) &&
      (!isSilenced || kind.silenced) &&
      hasWords(words, kind.id, kind.section, kind.description, kind.condition),
  );
};

const REPEATED = ["Call", "First answer", "Second answer"];

/** Names of the frames of a finding that are not clear from the frames themselves. */
export const namesOf = ({ id, frames }) => (id === "answer-repeated" && frames.length === REPEATED.length ? REPEATED : []);
