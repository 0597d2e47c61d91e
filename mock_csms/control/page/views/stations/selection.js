// Which stations the list shows, and in which order.

const hasFinding = ({ findings }) => findings.error + findings.warning + findings.hint > 0;

/** The states by which the list can be filtered; the first one is all stations. */
export const STATES = [
  { id: "", label: "All", matches: () => true },
  { id: "connected", label: "Connected", matches: ({ connected }) => connected },
  { id: "away", label: "Not connected", matches: ({ connected }) => !connected },
  { id: "charging", label: "Charging", matches: ({ connected, running }) => connected && running.some(({ chargingState }) => chargingState === "Charging") },
  { id: "faulted", label: "Faulted", matches: ({ connected, connectors }) => connected && connectors.some(({ connectorStatus }) => connectorStatus === "Faulted") },
  { id: "findings", label: "With findings", matches: hasFinding },
];

const newestFirst = (one, other) => textOrder(other.lastMessage ?? "", one.lastMessage ?? "");
const textOrder = (one, other) => (one < other ? -1 : Number(one > other));
const mostFindingsFirst = ({ findings: one }, { findings: other }) =>
  other.error - one.error || other.warning - one.warning || other.hint - one.hint;

/** The orders of the list; the first one is the order of the identities. */
export const ORDERS = [
  { id: "", label: "Sort by identity", compare: null },
  { id: "recent", label: "Sort by last message", compare: newestFirst },
  { id: "findings", label: "Sort by findings", compare: mostFindingsFirst },
];

/** Number of stations in each state, by the id of the state. */
export const stateCounts = (stations) =>
  Object.fromEntries(STATES.map(({ id, matches }) => [id, stations.filter(matches).length]));

/** The stations with a text in their identity, vendor or model, and in a state, in the order that they have. */
export const filtered = (stations, { search = "", state = "" }) => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const { matches } = STATES.find(({ id }) => id === state) ?? STATES[0];
  return stations.filter((station) => matches(station) && hasWords(station, words));
};

const hasWords = ({ id, vendor, model }, words) => {
  if (!words.length) return true;
  const text = `${id} ${vendor ?? ""} ${model ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Stations, which are in the order of their identities, in another order. */
export const ordered = (stations, order) => {
  const { compare } = ORDERS.find(({ id }) => id === order) ?? ORDERS[0];
  return compare ? [...stations].sort(compare) : stations;
};

/** Stations in the order of `ids` as far as they are in it, followed by the others. */
export const inKnownOrder = (stations, ids) => {
  const places = new Map(ids.map((id, place) => [id, place]));
  const placeOf = ({ id }) => places.get(id) ?? ids.length;
  return [...stations].sort((one, other) => placeOf(one) - placeOf(other));
};

/** Number of connectors by status, the most frequent status first: `[{status, count}]`. */
export const statusCounts = (connectors) => {
  const counts = new Map();
  for (const { connectorStatus: status } of connectors) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => ({ status, count })).sort((one, other) => other.count - one.count);
};

/** Whether only programs on the machine of the server reach these addresses. */
export const isOnlyLocal = (urls) => urls.length > 0 && urls.every((url) => /^wss?:\/\/(127\.|localhost\b|\[::1\])/i.test(url));

/** The command that starts a station in the box for one of the addresses of the server. */
export const stationCommand = (urls) => {
  const url = (urls.find((one) => one.startsWith("ws://")) ?? urls[0] ?? "").replace(/\/$/, "");
  return !url || url === "ws://127.0.0.1:9000" ? "mock-csms station" : `mock-csms station --to ${url}`;
};
