// The address that is shown: parts of the path and parameters, both in the hash of the URL.

import { signal } from "@preact/signals";
import { hashOf, parseHash } from "./address.js";

/** `{parts: ["stations", "CS1"], params: {tab: "transactions"}}`. */
export const route = signal(parseHash(location.hash));

let shown = location.hash;

addEventListener("hashchange", () => {
  shown = location.hash;
  route.value = parseHash(shown);
});

/** Go to an address; the back button returns. */
export const go = (parts, params = {}) => {
  location.hash = hashOf(parts, params);
};

/** Change parameters of the current address without a new entry in the history; an empty value removes one. */
export const setParams = (changes) => change(changes, (hash) => history.replaceState(history.state, "", hash));

/** Change parameters as a step of the history, so that the back button undoes it. */
export const pushParams = (changes) => change(changes, (hash) => history.pushState({ openedFrom: location.hash }, "", hash));

/** Undo `pushParams`: go back if only those parameters have changed since, so that no step is left behind. */
export const undoParams = (changes) => {
  const { parts, params } = route.value;
  if (history.state?.openedFrom === hashOf(parts, { ...params, ...changes })) history.back();
  else setParams(changes);
};

const change = (changes, write) => {
  if (location.hash !== shown) return; // a link has been followed; its hashchange is on its way
  const { parts, params } = route.value;
  const hash = hashOf(parts, { ...params, ...changes });
  if (hash === location.hash) return;
  write(hash);
  shown = location.hash;
  route.value = parseHash(hash);
};
