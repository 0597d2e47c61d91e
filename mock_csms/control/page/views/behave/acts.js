// Requests about stations that act at once, for one station, a glob or all of them.

import { send, stationPath } from "../../api.js";
import { forEach } from "../../concurrent.js";
import { plural } from "../../format.js";
import { stations } from "../../live.js";
import { short } from "../../text.js";
import { notify } from "../../components/toasts.js";
import { globMatches, isGlob } from "../../glob.js";

export const RELEASE = { method: "POST", path: "/release", needs: "connection" };

/**
 * Send the request of an act to each station that it is about, and say for how many it has worked. Raises the first
 * problem if it has worked for none.
 */
export const act = async ({ method, path, params, body, needs }, station) => {
  const targets = targetsOf(station, needs);
  if (!targets.length) throw new Error(noTarget(station, needs));
  const problems = [];
  await forEach(targets, (id) => send(method, stationPath(id, path), { params, body }).catch((error) => problems.push(error)));
  const done = targets.length - problems.length;
  if (!done) throw problems[0];
  if (!problems.length) notify(`Done for ${plural(done, "station")}`, "good");
  else notify(`Done for ${done} of ${plural(targets.length, "station")}; the first problem: ${short(problems[0].message, 200)}`, "warn");
};

const noTarget = (station, needs) =>
  `No station${station ? ` that matches ${short(station)}` : ""} is ${needs === "station" ? "known" : "connected"}`;

/** Identities of the stations that an act is about; a single identity need not be known. */
const targetsOf = (station, needs) => {
  if (station && !isGlob(station)) return [station];
  const all = [...stations.value.values()].filter(({ connected }) => connected || needs === "station");
  return all.map(({ id }) => id).filter((id) => !station || globMatches(station, id));
};
