// The running transactions of a station, with the power curve of each.

import { useComputed } from "@preact/signals";
import { hashOf } from "../../address.js";
import { curveOf, curves } from "../../curves.js";
import { newestPower, recentPower } from "../../curve_store.js";
import { energy, plural, power } from "../../format.js";
import { html } from "../../html.js";
import { short } from "../../text.js";
import { Sparkline } from "../../components/chart.js";
import { Icon } from "../../components/icon.js";

const CURVE_POINTS = 36;
const CURVE_SECONDS = 30 * 60;
const ICONS = { Charging: "bolt", SuspendedEV: "pause", SuspendedEVSE: "pause", EVConnected: "plug", Idle: "clock" };

/** At most `limit` transactions, and the number of the others. */
export const Running = ({ station: { id, connected, running, transactions }, limit }) => {
  if (!transactions) return html`<span class="muted no-transaction">No transaction</span>`;
  const shown = running.slice(0, transactions > limit ? limit - 1 : limit).sort((one, other) => one.evseId - other.evseId);
  const others = transactions - shown.length;
  return html`
    ${shown.map((transaction) => html`<${Transaction} key=${transaction.transactionId} station=${id} isConnected=${connected} transaction=${transaction} />`)}
    ${others > 0 && html`<a class="others" href=${hashOf(["stations", id], { tab: "transactions" })}>${plural(others, "further transaction")}</a>`}
  `;
};

const Transaction = ({ station, isConnected, transaction }) => {
  const { transactionId, evseId, chargingState, energyWh, totalCost } = transaction;
  const curve = useComputed(() => curves.value >= 0 && curveOf(station, transactionId)).value;
  const now = isConnected ? newestPower(curve) : null;
  const hasReading = curve.time.length > 0 || energyWh !== 0;
  const state = short(chargingState ?? "No state", 30);
  return html`
    <span class="transaction" title=${`Transaction ${short(transactionId, 40)}${isConnected ? "" : ", last known"}`}>
      <span class="muted"><span class="label">EVSE</span> ${evseId ?? "?"}</span>
      <span class="charging-state" title=${state}><${Icon} name=${ICONS[chargingState] ?? "dot"} /><bdi class="ellipsis">${state}</bdi></span>
      ${!isConnected && html`<span class="last-known muted">last known</span>`}
      ${isConnected && html`<${Sparkline} values=${recentPower(curve, CURVE_POINTS, CURVE_SECONDS)} width=${72} height=${20}
        description=${now === null ? "No power reported" : `Power curve, ${power(now)} now`} />`}
      ${isConnected && hasReading && html`<span class="number">${now === null ? "–" : power(now)}</span>`}
      ${hasReading || !isConnected ? html`<span class="number">${energy(energyWh)}</span>` : html`<span class="no-reading muted">no meter value yet</span>`}
      <span class="number" title="Cost so far"><span class="label muted">cost</span> ${totalCost.toFixed(2)}</span>
    </span>
  `;
};
