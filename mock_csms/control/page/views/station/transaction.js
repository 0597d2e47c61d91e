// One transaction: its facts, its curves and its events.

import { useMemo, useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { curveOf, curves } from "../../curves.js";
import { newestPower } from "../../curve_store.js";
import { clock, dateTime, energy, plural, power } from "../../format.js";
import { html } from "../../html.js";
import { record } from "../../live.js";
import { Badge } from "../../components/badge.js";
import { Chart } from "../../components/chart.js";
import { Facts } from "../../components/facts.js";
import { useEarlier } from "./earlier.js";
import { SendButton } from "./send_button.js";
import { Text } from "./text.js";
import { TokenLinks } from "./token_links.js";
import { energyText } from "./energy_text.js";
import { timelineOf } from "./timeline.js";

const MAX_ROWS = 100;

export const Transaction = ({ state, transaction, events }) => html`
  <div class="transaction-body">
    <div class="transaction-top">
      <div>
        <${TransactionFacts} station=${state} transaction=${transaction} />
        ${!transaction.ended && html`
          <div class="station-commands">
            <${SendButton} id=${state.id} action="RequestStopTransaction" payload=${{ transactionId: transaction.transactionId }} isConnected=${state.connected} />
            <${SendButton} id=${state.id} action="GetTransactionStatus" payload=${{ transactionId: transaction.transactionId }} isConnected=${state.connected} />
          </div>
        `}
      </div>
      <${Curves} station=${state.id} transactionId=${transaction.transactionId} />
    </div>
    <${Timeline} station=${state.id} transaction=${transaction} recent=${events} />
  </div>
`;

const TransactionFacts = ({ station, transaction }) => html`
  <${Facts} facts=${[
    ["Token", html`<${TokenLinks} idToken=${transaction.idToken} station=${station.id} />`],
    ["EVSE", [transaction.evseId ?? "not known", transaction.connectorId != null && `connector ${transaction.connectorId}`].filter(Boolean).join(", ")],
    ["Started", dateTime(transaction.startedAt) || "not known"],
    ...(transaction.ended ? [["Ended", dateTime(transaction.endedAt) || "not known"]] : []),
    ...(transaction.ended ? [] : [["Power", html`<${PowerNow} station=${station.id} transactionId=${transaction.transactionId} />`]]),
    ["Energy", energyText(transaction)],
    ["Cost", transaction.totalCost.toFixed(2)],
    ["Meter at first", readingOf(transaction.meterStart)],
    ["Meter at last", readingOf(transaction.meterLast)],
    ...(transaction.remoteStartId === null ? [] : [["Remote start", transaction.remoteStartId]]),
    ...(transaction.reservationId === null ? [] : [["Reservation", transaction.reservationId]]),
  ]} />
`;

/** The last power; a computed one is the mean between the last two readings of the energy register. */
const PowerNow = ({ station, transactionId }) => {
  curves.value; // read to be drawn again when the curve has grown
  const now = newestPower(curveOf(station, transactionId));
  return now === null ? html`<span class="muted">not known yet</span>` : power(now);
};

const readingOf = (reading) => (reading ? `${(reading.wh / 1_000).toFixed(3)} kWh at ${clock(reading.timestamp)}` : "none");

const Curves = ({ station, transactionId }) => {
  curves.value; // read to be drawn again when the curve has grown
  const curve = curveOf(station, transactionId);
  const data = useMemo(() => [[curve.time, curve.powerW], [curve.time, curve.energyWh]], [curve]);
  if (curve.time.length < 2) return html`<p class="muted no-curve">${curve.time.length ? "The curve begins with the second meter value." : "No meter value yet. The curve begins with the second one."}</p>`;
  const lastPower = curve.powerW.findLast((value) => value !== null);
  const lastEnergy = curve.energyWh.findLast((value) => value !== null);
  return html`
    <div class="transaction-curves">
      <figure>
        <figcaption>Power <strong>${lastPower === undefined ? "–" : power(lastPower)}</strong></figcaption>
        <${Chart} data=${data[0]} height=${150} axis=${power} description=${`Power over time, last ${power(lastPower ?? 0)}`}
          series=${[{ label: "Power", color: "--curve-1", fill: "--curve-1-fill" }]} />
      </figure>
      <figure>
        <figcaption>Energy <strong>${lastEnergy === undefined ? "–" : energy(lastEnergy)}</strong></figcaption>
        <${Chart} data=${data[1]} height=${150} axis=${energy} description=${`Energy over time, last ${energy(lastEnergy ?? 0)}`}
          series=${[{ label: "Energy", color: "--curve-2" }]} />
      </figure>
    </div>
  `;
};

const Timeline = ({ station, transaction, recent }) => {
  const [events, fetchEarlier] = useEarlier(station, transaction.transactionId, recent);
  const rows = timelineOf(events, transaction.missingSeqNos, (number) => record.answerTo(number));
  const absent = transaction.events - events.length;
  const [isWhole, setWhole] = useState(false);
  const hidden = isWhole ? 0 : Math.max(0, rows.length - MAX_ROWS);
  return html`
    <h3>${plural(transaction.events, "event")}</h3>
    ${absent > 0 && html`<${Absent} number=${absent} onFetch=${fetchEarlier} />`}
    ${hidden > 0 && html`<button type="button" class="quiet" onClick=${() => setWhole(true)}>Show ${hidden} earlier ones</button>`}
    <div class="scrolls" tabindex="0" role="group" aria-label="Events of the transaction">
      <table class="transaction-events">
        <thead><tr><th>seqNo</th><th>Time</th><th>Event</th><th>Trigger</th><th>Charging state</th><th>Notes</th></tr></thead>
        <tbody>${rows.slice(hidden).map((row) => (row.gap ? html`<${Gap} gap=${row.gap} />` : html`<${Event} key=${row.number} row=${row} />`))}</tbody>
      </table>
    </div>
  `;
};

const Absent = ({ number, onFetch }) => html`
  <p class="muted">
    ${plural(number, "earlier event")} ${number === 1 ? "is" : "are"} ${onFetch ? "not among the newest messages, which this page keeps." : "no longer stored by the server."}
    ${onFetch && html` <button type="button" onClick=${onFetch}>Fetch from the journal</button>`}
  </p>
`;

const Gap = ({ gap: [from, to] }) => html`
  <tr class="gap"><td colspan="6"><${Badge} kind="bad">${from === to ? `seqNo ${from} is missing` : `seqNos ${from} to ${to} are missing`}<//></td></tr>
`;

const EVENT_KINDS = { Started: "good", Updated: "info", Ended: "idle" };
const EVENT_ICONS = { Started: "play", Updated: "refresh", Ended: "check" };

const Event = ({ row }) => html`
  <tr>
    <td><a href=${hashOf(["messages"], { entry: row.number })} aria-label=${`Message of seqNo ${row.seqNo}`}><${Text} value=${row.seqNo} limit=${12} /></a></td>
    <td class="nowrap" title=${dateTime(row.time)}>${clock(row.time)}</td>
    <td><${Badge} kind=${EVENT_KINDS[row.eventType] ?? "bad"} icon=${EVENT_ICONS[row.eventType]}><${Text} value=${row.eventType} limit=${20} /><//></td>
    <td><${Text} value=${row.trigger} limit=${40} /></td>
    <td><${Text} value=${row.chargingState} limit=${30} /></td>
    <td>${row.notes.map((note) => html`<span class="note" key=${note}><${Text} value=${note} limit=${60} /></span>`)}</td>
  </tr>
`;
