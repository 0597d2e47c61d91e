// Numbers of cases by verdict, which filter the matrix, and the choice of a profile; both are in the address.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { setParams } from "../../router.js";
import { short } from "../../text.js";
import { countsOf, profilesOf, VERDICTS } from "./run.js";

/** `inProfile` are the cases of the chosen profile, whose verdicts are counted. */
export const Filters = ({ cases, inProfile, params }) => {
  const profiles = profilesOf(cases);
  return html`
    <div class="toolbar">
      <${Verdicts} cases=${inProfile} chosen=${params.verdict ?? ""} />
      ${profiles.length > 0 && html`
        <select aria-label="Profile" value=${params.profile ?? ""} onChange=${(event) => setParams({ profile: event.target.value })}>
          <option value="">All profiles</option>
          ${profiles.map((profile) => html`<option key=${profile} value=${profile}>${short(profile)}</option>`)}
        </select>
      `}
    </div>
  `;
};

const Verdicts = ({ cases, chosen }) => {
  const counts = countsOf(cases);
  const shown = VERDICTS.filter(({ id }) => counts[id] > 0 || id === chosen);
  return html`
    <div class="certify-verdicts" role="group" aria-label="Verdict">
      <button type="button" aria-pressed=${!chosen} onClick=${() => setParams({ verdict: "" })}>All <span class="number">${count(cases.length)}</span></button>
      ${shown.map(
        ({ id, label, letter, kind }) => html`
          <button type="button" key=${id} aria-pressed=${id === chosen} onClick=${() => setParams({ verdict: id })}>
            <span class=${`certify-letter ${kind}`} aria-hidden="true">${letter}</span>${label} <span class="number">${count(counts[id])}</span>
          </button>
        `,
      )}
    </div>
  `;
};
