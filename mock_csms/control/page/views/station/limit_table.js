// The table of charging limits.

import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { short, visible } from "../../text.js";
import { SendButton } from "./send_button.js";
import { limitAt, stepsOf } from "./steps.js";
import { Text } from "./text.js";

const MAX_PERIODS = 12;

export const LimitTable = ({ state, limits }) => html`
  <section class="panel">
    <h2>Profiles and limits</h2>
    <div class="scrolls" tabindex="0" role="group" aria-label="Profiles and limits">
      <table class="limits">
        <thead><tr><th>Purpose</th><th>Level</th><th>Applies to</th><th>Limit now</th><th>Schedule</th><th>When</th><th>Profile</th></tr></thead>
        <tbody>${limits.map((one) => html`<${Limit} key=${one.key} state=${state} one=${one} />`)}</tbody>
      </table>
    </div>
  </section>
`;

const Limit = ({ state, one }) => html`
  <tr>
    <td><${Line} look=${one.look} /><${Text} value=${one.name} limit=${60} /></td>
    <td>${one.stackLevel ?? "–"}</td>
    <td>${one.evseId ? `EVSE ${one.evseId}` : "station"}</td>
    <td><strong><bdi>${visible(limitNow(one))}</bdi></strong></td>
    <td>${periodsOf(one).map((text, index) => html`<div key=${index}><bdi>${visible(text)}</bdi></div>`)}</td>
    <td>${timesOf(one).map((text) => html`<div key=${text}><bdi>${visible(text)}</bdi></div>`)}</td>
    <td>
      ${one.profile
        ? html`<div class="profile-id">${one.profile.id} <${SendButton} id=${state.id} action="ClearChargingProfile" payload=${{ chargingProfileId: one.profile.id }} isConnected=${state.connected}>Clear<//></div>`
        : "–"}
    </td>
  </tr>
`;

const Line = ({ look: { color, dash } }) => html`
  <svg class="line" width="30" height="8" viewBox="0 0 30 8" aria-hidden="true">
    <line x1="0" y1="4" x2="30" y2="4" stroke=${`var(${color})`} stroke-width="2.5" stroke-dasharray=${dash.join(" ")} />
  </svg>
`;

const limitNow = ({ schedule, timing, unit }) => {
  const now = Date.now() / 1_000;
  const limit = limitAt(stepsOf(schedule, timing, { from: now, to: now + 1 }), now);
  return limit === null ? "none" : `${limit} ${unit}`;
};

const periodsOf = ({ schedule, unit }) => {
  const periods = Array.isArray(schedule.chargingSchedulePeriod) ? schedule.chargingSchedulePeriod : [];
  const texts = periods.slice(0, MAX_PERIODS).map(({ startPeriod, limit, numberPhases }) => {
    const phases = numberPhases ? `, ${numberPhases} phase${numberPhases === 1 ? "" : "s"}` : "";
    return `${startPeriod ? `after ${span(startPeriod)}` : "at once"}: ${limit} ${unit}${phases}`;
  });
  return periods.length > MAX_PERIODS ? [...texts, `and ${periods.length - MAX_PERIODS} more`] : texts;
};

const timesOf = ({ schedule, profile }) =>
  [
    profile && [profile.chargingProfileKind, profile.recurrencyKind].filter(Boolean).join(", "),
    schedule.startSchedule && `from ${dateTime(schedule.startSchedule)}`,
    schedule.duration != null && `for ${span(schedule.duration)}`,
    profile?.validFrom && `valid from ${dateTime(profile.validFrom)}`,
    profile?.validTo && `valid to ${dateTime(profile.validTo)}`,
    profile?.transactionId && `transaction ${short(profile.transactionId, 9)}`,
  ].filter(Boolean);
