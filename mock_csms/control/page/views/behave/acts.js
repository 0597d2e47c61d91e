// Requests about stations that act at once, for one station, a glob or all of them.

import { send, stationPath } from "../../api.js";
import { plural } from "../../format.js";
import { stations } from "../../live.js";
import { notify } from "../../components/toasts.js";
import { globMatches, isGlob } from "../../glob.js";

export const RELEASE = { method: "POST", path: "/release", needs: "connection" };

/**
 * Send the request of an act to each station that it is about, and say for how many it has worked. Raises the first
 * problem if it has worked for none.
 */
export const act = async ({ method, path, params, body, needs }, station) => {
  const targets = targetsOf(station, needs);
  if (!targets.length) throw new Error(station ? `No station that matches ${station} is connected` : "No station is connected");
  const outcomes = await Promise.allSettled(targets.map((id) => send(method, stationPath(id, path), { params, body })));
  const failed = outcomes.filter(({ status }) => status === "rejected");
  if (failed.length === targets.length) throw failed[0].reason;
  notify(`Done for ${plural(targets.length - failed.length, "station")}`, "good");
};

/** Identities of the stations that an act is about; a single identity need not be known. */
const targetsOf = (station, needs) => {
  if (station && !isGlob(station)) return [station];
  const all = [...stations.value.values()].filter(({ connected }) => connected || needs === "station");
  return all.map(({ id }) => id).filter((id) => !station || globMatches(station, id));
};
