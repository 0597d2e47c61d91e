// Buttons that copy or download text.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";
import { attempt, notify } from "./toasts.js";

/** Copy a text to the clipboard. `text` is a string, or a function that returns one, also later. */
export const CopyButton = ({ text, children = "Copy", class: classes = "" }) => {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    const copied = typeof text === "function" ? await attempt(text) : text;
    if (copied === undefined || !(await copyText(copied))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return html`
    <button type="button" class=${`quiet ${classes}`} onClick=${copy}>
      <${Icon} name=${isCopied ? "check" : "copy"} />${" "}
      <span class="copy-text"><span aria-hidden=${isCopied}>${children}</span><span aria-hidden=${!isCopied}>Copied</span></span>
    </button>
  `;
};

/** Copy a text; browsers allow it on HTTPS and on localhost only, so that another way is named where it fails. */
export const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    notify("The browser does not allow copying here; open the page on localhost or over HTTPS", "bad");
    return false;
  }
};

/** Save a text as a file. */
export const saveText = (name, text, type = "application/x-ndjson") => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
};
