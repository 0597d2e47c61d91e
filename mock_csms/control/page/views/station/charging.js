// The part "Charging": limits by profiles, other systems and vehicles, as stepped curves and as a table.

import { useMemo, useState } from "preact/hooks";
import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { record } from "../../live.js";
import { short } from "../../text.js";
import { Chart } from "../../components/chart.js";
import { Empty } from "../../components/empty.js";
import { JsonView } from "../../components/json_view.js";
import { compositesOf, limitsAtEvse, limitsOf, withLooks } from "./limits.js";
import { LimitTable } from "./limit_table.js";
import { chartData, spanFor, SPANS_S, stepsOf } from "./steps.js";
import { Commands } from "./table.js";

const SPAN_NAMES = { 3600: "1 hour", 21600: "6 hours", 86400: "24 hours", 604800: "7 days" };
const MINUTE_S = 60;

export const ChargingTab = ({ state }) => {
  const [chosenSpan, setSpan] = useState(0);
  const [evseId, setEvse] = useState(null);
  // Curves begin with the current minute, so that they move once a minute and not with every message.
  const now = Math.floor(Date.now() / 1_000 / MINUTE_S) * MINUTE_S;
  const all = withLooks(limitsOf(state, compositesOf(record.entries, state.id), now));
  if (!all.length) return html`<${Unlimited} state=${state} />`;
  const limits = limitsAtEvse(all, evseId);
  return html`
    <div class="station-parts">
      <${Tools} state=${state} chosenSpan=${chosenSpan} onSpan=${setSpan} evseId=${evseId} onEvse=${setEvse} />
      ${["A", "W"].map((unit) => html`<${UnitChart} key=${unit} unit=${unit} limits=${limits.filter((one) => one.unit === unit)} now=${now} chosenSpan=${chosenSpan} />`)}
      <${LimitTable} state=${state} limits=${limits} />
      <${Needs} state=${state} />
    </div>
  `;
};

const Unlimited = ({ state }) => html`
  <div class="station-parts">
    <${Empty} icon="chart" title="No charging profile is known">
      <p>Set a profile, or ask the station for those that it has. Limits of other systems appear when it reports them.</p>
      <div class="station-commands"><${Commands} state=${state} commands=${commandsOf(null)} /></div>
    <//>
    <${Needs} state=${state} />
  </div>
`;

const commandsOf = (evseId) => [
  { action: "SetChargingProfile" },
  { action: "GetChargingProfiles" },
  { action: "GetCompositeSchedule", payload: evseId === null ? undefined : { evseId, duration: 86_400 } },
];

const Tools = ({ state, chosenSpan, onSpan, evseId, onEvse }) => {
  const evses = [...new Set(state.connectors.map((connector) => connector.evseId))].sort((one, other) => one - other);
  return html`
    <div class="toolbar">
      <label class="inline">From now
        <select value=${chosenSpan} onChange=${(event) => onSpan(Number(event.target.value))}>
          <option value="0">as far as limits change</option>
          ${SPANS_S.map((seconds) => html`<option key=${seconds} value=${seconds}>${SPAN_NAMES[seconds]}</option>`)}
        </select>
      </label>
      <label class="inline">At
        <select value=${evseId ?? ""} onChange=${(event) => onEvse(event.target.value ? Number(event.target.value) : null)}>
          <option value="">all EVSEs</option>
          ${evses.map((evse) => html`<option key=${evse} value=${evse}>EVSE ${evse}</option>`)}
        </select>
      </label>
      <span class="spacer"></span>
      <${Commands} state=${state} commands=${commandsOf(evseId)} />
    </div>
  `;
};

const UnitChart = ({ unit, limits, now, chosenSpan }) => {
  const spanS = chosenSpan || spanFor(limits.map(({ schedule, timing }) => [schedule, timing]), now);
  const window = { from: now, to: now + spanS };
  const shape = JSON.stringify([window, limits]);
  const data = useMemo(() => chartData(limits.map(({ schedule, timing }) => stepsOf(schedule, timing, window)), window), [shape]);
  if (!limits.length) return null;
  const axis = unit === "A" ? (value) => `${value} A` : (value) => `${value / 1_000} kW`;
  return html`
    <section class="panel">
      <h2>Limits in ${unit === "A" ? "ampere" : "watt"}</h2>
      ${data[0].length > 2
        ? html`<${Chart} data=${data} height=${240} axis=${axis} series=${limits.map(seriesOf)} description=${`Charging limits in ${unit} for ${span(window.to - window.from)}; the table below has the same data`} />`
        : html`<p class="muted">No limit applies in this time. The table below shows when they do.</p>`}
    </section>
  `;
};

const seriesOf = (one) => ({ label: short(titleOf(one), 80), stepped: true, gaps: true, ...one.look });

const titleOf = ({ name, stackLevel, evseId }) => `${name}${stackLevel === null ? "" : `, level ${stackLevel}`}, ${evseId ? `EVSE ${evseId}` : "station"}`;

const Needs = ({ state: { chargingNeeds } }) =>
  chargingNeeds.length > 0 &&
  html`
    <section class="panel">
      <h2>Needs of vehicles</h2>
      ${chargingNeeds.map(({ evseId, chargingNeeds: needs }) => html`
        <details key=${evseId} class="payload">
          <summary>EVSE ${evseId}${needs?.departureTime ? `, leaves at ${dateTime(needs.departureTime)}` : ""}</summary>
          <${JsonView} value=${needs} label=${`Charging needs at EVSE ${evseId}`} />
        </details>
      `)}
    </section>
  `;
