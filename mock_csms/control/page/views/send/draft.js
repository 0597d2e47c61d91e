// The command that is being written. It is kept while other views are shown.

import { computed, signal } from "@preact/signals";
import { isGlob } from "../../glob.js";
import { stations } from "../../live.js";
import { actionFor, validate } from "../../schemas.js";
import { visible } from "../../text.js";
import { emptyOf } from "./form_model.js";
import { readJson } from "./json_text.js";
import { ALL_CONNECTED, idsFrom, maskedErrors, NO_OPTIONS, targetIn, withIds, withTarget } from "./request.js";

/**
 * The payload as text, and the action with its schemas (`details`, null for an action that OCPP does not have). The
 * default payload is that for `knownStation`, which is empty if the server does not know the station.
 */
export const draft = signal({ action: "", station: "", knownStation: "", text: "", details: null, isEdited: false, isLoading: false, failure: "" });

/** Whether the text is the default payload. */
export const isDefault = computed(() => !draft.value.isEdited && Boolean(draft.value.details?.defaultPayload));

/** Whether the payload of another command is still to come; typing would be mixed with it. */
export const isAwaited = computed(() => draft.value.isLoading && !draft.value.text);

export const options = signal(NO_OPTIONS);

/** What is typed into the field for a station, and not chosen yet. */
export const typedTarget = signal("");

/** The targets, with the station that is typed, as far as that is clear. */
export const withTyped = (targets) => {
  const id = targetIn(typedTarget.value, [...stations.value.keys()]);
  return id ? withTarget(targets, id) : targets;
};

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
  const { details } = draft.value;
  if (reading.value.error) return [];
  const masked = isDefault.value ? [] : maskedErrors(payload.value);
  return [...(details?.request ? validate(details.request, payload.value) : []), ...masked];
});

export const changeOptions = (changes) => {
  options.value = { ...options.value, ...changes };
};

/** Change the text as typed. */
export const editText = (text) => change({ text, isEdited: true });

/** Change the payload in the form. */
export const editPayload = (value) => editText(textFor(value));

/** Begin with a payload of one's own, such as that of a recent command. */
export const begin = async (action, station, value) => {
  await load(action, station, { isRenewed: true });
  if (value !== undefined && draft.value.action === action) editPayload(value);
};

/** Show an action for a station, as far as it is not shown already; an edited payload is kept for another station. */
export const show = (action, station, isKnown) => {
  const { action: shown, station: shownStation, knownStation, failure } = draft.value;
  const isShown = shown === action && shownStation === station && (knownStation === station || !isKnown);
  return isShown && !failure ? undefined : load(action, station);
};

/** Take the default payload as it is now, unless the payload has been edited. */
export const refresh = () => {
  const { action, station, isEdited } = draft.value;
  if (action && !isEdited) load(action, station);
};

/** Fetch an action for a station; with `isRenewed`, an edited payload is dropped. */
export const load = (action, station, { isRenewed = false } = {}) => {
  loading = fetchDraft(action, station, isRenewed);
  return loading;
};

/** Wait until the payload is that of the command. */
export const whenLoaded = () => loading;

let loading = Promise.resolve();
let lastRequest = 0;

const fetchDraft = async (action, station, isRenewed) => {
  const request = ++lastRequest;
  const isOther = draft.value.action !== action;
  const isDropped = isOther || isRenewed;
  change({ action, station, isLoading: true, failure: "", ...(isOther && { details: null, text: "" }), ...(isDropped && { isEdited: false }) });
  const found = await detailsOf(action, station).catch((error) => ({ failure: error.message }));
  if (request !== lastRequest) return;
  const isKept = draft.value.isEdited || found.failure;
  change({ isLoading: false, ...found, ...(!isKept && startOf(found.details)) });
};

const detailsOf = async (action, station) => {
  try {
    return { details: await actionFor(action, station), knownStation: station };
  } catch (error) {
    if (error.kind === "unknown-station") return detailsOf(action, "");
    if (error.kind === "unknown-action") return { details: null, knownStation: station };
    throw error;
  }
};

/** The default payload, or as little as the schema requires if there is none. */
const startOf = (details) => {
  const value = details ? (details.defaultPayload ?? emptyOf(details.request, details.request)) : {};
  return { text: textFor(value), isEdited: false };
};

/** Take fresh ids for the next command, so that none has the ids of the one before. */
export const renewIds = async () => {
  const { action, station, details } = draft.value;
  if (!details?.defaultPayload || reading.value.error) return;
  if (isDefault.value) return load(action, station);
  const ids = idsFrom(details.defaultPayload, payload.value);
  if (!ids.length) return;
  const fresh = await detailsOf(action, station).catch(() => null);
  if (!fresh?.details || draft.value.details !== details || reading.value.error) return;
  const value = withIds(payload.value, ids, fresh.details.defaultPayload);
  change({ details: fresh.details, text: textFor(value) });
};

/** The station whose default payload is shown for targets: the first, or any connected one for all of them. */
export const stationFor = (targets) => {
  const [first = ""] = targets.includes(ALL_CONNECTED) ? connectedIds() : targets;
  return isGlob(first) && !stations.value.has(first) ? "" : first;
};

/** Identities of the connected stations. */
export const connectedIds = () => [...stations.value.values()].filter(({ connected }) => connected).map(({ id }) => id);

const change = (changes) => {
  draft.value = { ...draft.value, ...changes };
};

/** JSON text, in which invisible characters are escaped. */
const textFor = (value) => JSON.stringify(value, null, 2).split("\n").map(visible).join("\n");
