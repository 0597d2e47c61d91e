// Texts from a station as components.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { visible } from "../../text.js";

/** A text from a station, isolated from what is around it; a long one is cut until the reader asks for the rest. */
export const Text = ({ value, limit = 120 }) => {
  const [isWhole, setWhole] = useState(false);
  if (value === undefined || value === null || value === "") return html`<span class="muted">–</span>`;
  const whole = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (isWhole || whole.length <= limit) return html`<bdi>${visible(whole)}</bdi>`;
  return html`
    <bdi>${visible(whole.slice(0, limit))}</bdi>
    <button type="button" class="quiet more" onClick=${() => setWhole(true)}>… show all ${whole.length} characters</button>
  `;
};

/** An idToken with its type. */
export const Token = ({ idToken }) =>
  idToken ? html`<code><${Text} value=${idToken.idToken} limit=${40} /></code> <span class="muted"><${Text} value=${idToken.type} limit=${40} /></span>` : html`<span class="muted">–</span>`;
