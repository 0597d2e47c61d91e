// The JSON schemas of the actions, fetched once, and payloads checked against them.

import { get } from "./api.js";
import { stations } from "./live.js";

export { validate } from "./validation.js";

const known = new Map();

/** An action as in GET /v1/actions/{action}, with the default payload for a station as it is now. */
export const actionFor = (action, station = "") => get(`v1/actions/${encodeURIComponent(action)}`, { station });

/**
 * The schemas of an action, {request, response, version}, in the OCPP version of a connected station; null if OCPP has
 * no such action. Each is fetched once.
 */
export const schemasOf = (action, station = "") => {
  const version = stations.value.get(station)?.ocppVersion ?? "";
  const key = `${version} ${action}`;
  if (!known.has(key)) known.set(key, fetched(action, version ? station : "").catch((error) => forget(key, error)));
  return known.get(key);
};

const fetched = async (action, station) => {
  const { request, response, version } = await actionFor(action, station);
  return { request, response, version };
};

const forget = (key, error) => {
  if (error.kind === "unknown-action") return null;
  known.delete(key);
  throw error;
};
