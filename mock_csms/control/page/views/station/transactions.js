// The part "Transactions": running ones first, then those that ended last.

import { useState } from "preact/hooks";
import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { record } from "../../live.js";
import { now } from "../../components/ago.js";
import { Badge } from "../../components/badge.js";
import { Empty } from "../../components/empty.js";
import { Disclosure } from "./disclosure.js";
import { energyText } from "./energy_text.js";
import { SendButton } from "./send_button.js";
import { Text } from "./text.js";
import { eventsByTransaction } from "./timeline.js";
import { Transaction } from "./transaction.js";

const AT_FIRST = 20;

export const TransactionsTab = ({ state }) => {
  const [limit, setLimit] = useState(AT_FIRST);
  const { transactions, id, connected } = state;
  if (!transactions.length) {
    return html`
      <${Empty} icon="bolt" title="No transaction yet">
        <p>Plug in a vehicle at the station and present a token, or start one from here.</p>
        <${SendButton} id=${id} action="RequestStartTransaction" isConnected=${connected} />
      <//>
    `;
  }
  const events = eventsByTransaction(record.entries, id);
  const ordered = [...transactions.filter(({ ended }) => !ended).reverse(), ...transactions.filter(({ ended }) => ended).reverse()];
  return html`
    <div class="station-parts">
      ${ordered.slice(0, limit).map((transaction) => html`
        <${Disclosure} key=${transaction.transactionId} class="panel transaction" isOpenAtFirst=${!transaction.ended || ordered.length === 1}
          summary=${html`<${Line} transaction=${transaction} isConnected=${connected} />`}>
          ${() => html`<${Transaction} state=${state} transaction=${transaction} events=${events.get(transaction.transactionId) ?? []} />`}
        <//>
      `)}
      ${ordered.length > limit && html`<button type="button" onClick=${() => setLimit(limit + 100)}>Show more of ${ordered.length}</button>`}
    </div>
  `;
};

const Line = ({ transaction, isConnected }) => html`
  <h2><${Text} value=${transaction.transactionId} limit=${40} /></h2>
  <${TransactionBadge} transaction=${transaction} isConnected=${isConnected} />
  <span>${transaction.evseId === null ? "EVSE not known" : `EVSE ${transaction.evseId}`}</span>
  <span>${energyText(transaction)}</span>
  <span class="muted">${dateTime(transaction.startedAt)}${durationOf(transaction)}</span>
`;

const TransactionBadge = ({ transaction: { ended, stopped, stoppedReason, chargingState }, isConnected }) => {
  if (ended) return html`<${Badge} kind="idle">Ended<${Reason} reason=${stoppedReason} /><//>`;
  if (stopped) return html`<${Badge} kind="warn">Stopped, events still queued<//>`;
  if (!isConnected) return html`<${Badge} kind="idle" icon="clock"><${Text} value=${chargingState ?? "Running"} limit=${30} /> (last known)<//>`;
  const isCharging = chargingState === "Charging";
  return html`<${Badge} kind=${isCharging ? "good" : "info"} icon=${isCharging ? "bolt" : "plug"}><${Text} value=${chargingState ?? "Running"} limit=${30} /><//>`;
};

const Reason = ({ reason }) => (reason ? html`: <${Text} value=${reason} limit=${30} />` : null);

const durationOf = ({ startedAt, endedAt, ended }) => {
  if (!startedAt || (ended && !endedAt)) return "";
  return `, ${span(((endedAt ? new Date(endedAt) : now.value) - new Date(startedAt)) / 1_000)}`;
};
