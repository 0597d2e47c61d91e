// Findings by severity, and the stations with the most of them.

import { hashOf } from "../../address.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { short } from "../../text.js";
import { Badge, SeverityBadge } from "../../components/badge.js";
import { worstStations } from "./figures.js";

const SHOWN_STATIONS = 5;
const TONES = { error: "bad", warning: "warn", hint: "" };

export const Findings = ({ statistics }) => {
  const worst = worstStations(stations.value.values(), SHOWN_STATIONS);
  return html`
    <section class="panel findings-panel" aria-label="Findings">
      <h2>Findings</h2>
      <div class="severities">
        ${Object.entries(statistics?.findings ?? {}).map(
          ([severity, number]) => html`
            <a key=${severity} href=${hashOf(["findings"], { severity })}>
              <strong class=${`figure ${number ? TONES[severity] : ""}`}>${count(number)}</strong> ${number === 1 ? severity : `${severity}s`}
            </a>
          `,
        )}
      </div>
      ${worst.length ? html`<${Worst} stations=${worst} />` : html`<p><${Badge} kind="good">no station with errors<//></p>`}
    </section>
  `;
};

const Worst = ({ stations: listed }) => html`
  <h3>Stations with the most</h3>
  <ul class="worst">
    ${listed.map(
      ({ id, findings: { error, warning } }) => html`
        <li key=${id}>
          <a class="ellipsis" href=${hashOf(["findings"], { station: id })}><bdi>${short(id, 40)}</bdi></a>
          <span class="worst-counts">
            ${error > 0 && html`<${SeverityBadge} severity="error" count=${error} />`}
            ${warning > 0 && html`<${SeverityBadge} severity="warning" count=${warning} />`}
          </span>
        </li>
      `,
    )}
  </ul>
`;
