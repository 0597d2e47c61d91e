// Short messages at the edge of the screen, which a screen reader announces.

import { signal } from "@preact/signals";
import { html } from "../html.js";
import { Badge } from "./badge.js";

const SHOWN_MS = 6_000;
const toasts = signal([]);
let nextKey = 1;

/** Show a message for some seconds; `kind` is good, warn, bad or info. */
export const notify = (text, kind = "info") => {
  const key = nextKey++;
  toasts.value = [...toasts.value.slice(-3), { key, text, kind }];
  setTimeout(() => dismiss(key), SHOWN_MS);
};

/** Run an action; if it fails, show why. Returns its result, or undefined. */
export const attempt = async (action, success = "") => {
  try {
    const result = await action();
    if (success) notify(success, "good");
    return result;
  } catch (error) {
    notify(error.message, "bad");
    return undefined;
  }
};

const dismiss = (key) => {
  toasts.value = toasts.value.filter((toast) => toast.key !== key);
};

export const Toasts = () => html`
  <div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ key, text, kind }) => html`
        <button type="button" class="toast" key=${key} onClick=${() => dismiss(key)}>
          <${Badge} kind=${kind}>${text}<//>
        </button>
      `,
    )}
  </div>
`;
