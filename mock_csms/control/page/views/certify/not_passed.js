// The cases that have not passed, with their reasons.

import { useState } from "preact/hooks";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { setParams } from "../../router.js";
import { short } from "../../text.js";
import { lookOf, notPassed } from "./run.js";

const FIRST_CASES = 30;

export const NotPassed = ({ cases }) => {
  const [limit, setLimit] = useState(FIRST_CASES);
  const all = notPassed(cases);
  if (!all.length) return html`<p class="panel muted">Choose a case to see its steps. Cases that do not pass are listed here.</p>`;
  return html`
    <section class="panel certify-not-passed" aria-label="Not passed">
      <h2>Not passed <span class="count">${count(all.length)}</span></h2>
      <ul>${all.slice(0, limit).map((testCase) => html`<${Entry} key=${testCase.id} testCase=${testCase} />`)}</ul>
      ${all.length > limit && html`<button type="button" onClick=${() => setLimit(all.length)}>Show all</button>`}
    </section>
  `;
};

const Entry = ({ testCase }) => {
  const { id, title, reason } = testCase;
  const { letter, label, kind } = lookOf(testCase);
  return html`
    <li>
      <span class=${`certify-letter ${kind}`} role="img" aria-label=${label}>${letter}</span>
      <button type="button" class="quiet mono" onClick=${() => setParams({ case: id })}><bdi>${short(id)}</bdi></button>
      <bdi class="certify-entry-reason">${short(reason ?? title, 300)}</bdi>
    </li>
  `;
};
