// The command that is being written. It is kept while other views are shown.

import { computed, signal } from "@preact/signals";
import { stations } from "../../live.js";
import { actionFor, validate } from "../../schemas.js";
import { readJson } from "./json_text.js";
import { emptyOf } from "./form_model.js";
import { ALL_CONNECTED, maskedErrors, NO_OPTIONS, renewed } from "./request.js";

/**
 * The payload as text, and the action with its schemas (`details`, null for an action that OCPP does not have).
 * `isDefault` says that the text is the default payload for the station.
 */
export const draft = signal({ action: "", station: "", text: "", details: null, isDefault: true, isLoading: false, failure: "" });

export const options = signal(NO_OPTIONS);

/** Path of the field that has the focus; its place in the JSON is marked. */
export const focusedPath = signal(null);

/** The value and the places of the text, or its first syntax error. */
export const reading = computed(() => readJson(draft.value.text));

/** The last payload that was valid JSON; the form shows it. */
export const payload = computed(() => {
  if (!reading.value.error) lastPayload = reading.value.value;
  return lastPayload;
});
let lastPayload = {};

/** Errors [{path, text}] of the payload. */
export const errors = computed(() => {
  const { details, isDefault } = draft.value;
  if (reading.value.error) return [];
  const masked = isDefault ? [] : maskedErrors(payload.value);
  return [...(details?.request ? validate(details.request, payload.value) : []), ...masked];
});

export const changeOptions = (changes) => {
  options.value = { ...options.value, ...changes };
};

/** Change the text as typed. */
export const editText = (text) => change({ text, isDefault: false });

/** Change the payload in the form. */
export const editPayload = (value) => editText(textFor(value));

/** Begin with a payload of one's own, such as that of a recent command. */
export const begin = async (action, station, value) => {
  await load(action, station);
  if (value !== undefined && draft.value.action === action) editPayload(value);
};

/** Show an action for a station. A changed payload is kept if only the station is another one. */
export const load = async (action, station, { isRenewed = false } = {}) => {
  const known = draft.value;
  if (known.action === action && known.station === station && !isRenewed && !known.failure) return;
  const keepsText = known.action === action && !known.isDefault && !isRenewed;
  const request = ++lastRequest;
  change({ action, station, isLoading: true, failure: "", ...(known.action !== action && { details: null, text: "", isDefault: true }) });
  const details = await detailsOf(action, station).catch((error) => ({ failure: error.message }));
  if (request !== lastRequest) return;
  if (details?.failure) change({ isLoading: false, failure: details.failure });
  else change({ isLoading: false, details, ...(!keepsText && startOf(details)) });
};

let lastRequest = 0;

const detailsOf = async (action, station) => {
  try {
    return await actionFor(action, station);
  } catch (error) {
    if (error.kind === "unknown-action") return null;
    throw error;
  }
};

/** The default payload, or as little as the schema requires if there is none. */
const startOf = (details) => {
  const value = details ? (details.defaultPayload ?? emptyOf(details.request, details.request)) : {};
  return { text: textFor(value), isDefault: Boolean(details?.defaultPayload) };
};

/** Take fresh ids for the next command, so that none has the ids of the one before. */
export const renewIds = async () => {
  const { action, station, details } = draft.value;
  if (!details?.defaultPayload || reading.value.error) return;
  const fresh = await detailsOf(action, station).catch(() => null);
  if (!fresh || draft.value.action !== action || draft.value.station !== station) return;
  if (draft.value.isDefault) change({ details: fresh, ...startOf(fresh) });
  else change({ details: fresh, text: textFor(renewed(payload.value, details.defaultPayload, fresh.defaultPayload)) });
};

/** The station whose default payload is shown for targets: the first, or any connected one for all of them. */
export const stationFor = (targets) => {
  const [first] = targets.includes(ALL_CONNECTED) ? connectedIds() : targets.filter((id) => stations.value.has(id));
  return first ?? "";
};

/** Identities of the connected stations. */
export const connectedIds = () => [...stations.value.values()].filter(({ connected }) => connected).map(({ id }) => id);

const change = (changes) => {
  draft.value = { ...draft.value, ...changes };
};

const textFor = (value) => JSON.stringify(value, null, 2);
