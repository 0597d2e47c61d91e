// How far the mandatory cases are.

import { plural } from "../../format.js";
import { html } from "../../html.js";
import { mandatoryOf } from "./run.js";

export const Mandatory = ({ cases }) => {
  const { all, passed, notPassed, skipped, left } = mandatoryOf(cases);
  if (!all) return null;
  const parts = [
    [notPassed, "not passed"],
    [skipped, "skipped"],
    [left, "not run"],
  ].filter(([number]) => number > 0);
  const rest = parts.map(([number, words]) => `${number} ${words}`).join(", ");
  return html`
    <p class="certify-mandatory">
      <progress max=${all} value=${passed} aria-label="Mandatory cases that have passed"></progress>
      <span><strong>${passed} of ${plural(all, "mandatory case")} passed</strong>${rest && html`<span class="muted">; ${rest}</span>`}</span>
    </p>
  `;
};
