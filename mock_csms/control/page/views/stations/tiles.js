// Connectors as tiles, grouped by EVSE; many of them as numbers by status.

import { html } from "../../html.js";
import { short } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { evsesOf, lookOf } from "../station/connectors.js";
import { statusCounts } from "./selection.js";

const MAX_TILES = 6;
const MAX_LARGE_TILES = 2;

export const Tiles = ({ station }) => {
  const { connectors } = station;
  if (!connectors.length) return html`<span class="muted">No connector reported</span>`;
  if (connectors.length > MAX_TILES) return html`<${Statuses} station=${station} />`;
  return html`
    <span class=${connectors.length > MAX_LARGE_TILES ? "tiles small" : "tiles"}>
      ${evsesOf(station).map((evse) => html`<${EvseTiles} key=${evse.evseId} evse=${evse} />`)}
    </span>
  `;
};

const EvseTiles = ({ evse: { evseId, connectors } }) => html`
  <span class="evse-tiles">
    <span class="muted" aria-hidden="true">${evseId}</span>
    ${connectors.map((connector) => html`<${Tile} key=${connector.connectorId} evseId=${evseId} connector=${connector} />`)}
  </span>
`;

const Tile = ({ evseId, connector }) => {
  const { kind, icon } = lookOf(connector);
  const charging = connector.transaction?.chargingState;
  const text = `EVSE ${evseId}, connector ${connector.connectorId}: ${short(connector.status, 30)}${charging ? `, ${short(charging, 30)}` : ""}${connector.isStale ? ", last known" : ""}`;
  return html`<span class=${`tile ${kind}`} role="img" aria-label=${text} title=${text}><${Icon} name=${icon} /></span>`;
};

const Statuses = ({ station }) => html`
  <span class="tiles small">
    ${statusCounts(station.connectors).slice(0, 4).map(({ status, count }) => {
      const { kind, icon } = lookOf({ status, isStale: !station.connected });
      const text = `${count} ${short(status, 30)}${station.connected ? "" : ", last known"}`;
      return html`<span key=${status} class=${`tile ${kind}`} role="img" aria-label=${text} title=${text}><${Icon} name=${icon} />${count}</span>`;
    })}
  </span>
`;
