// One station: its head, and its parts as tabs.

import { html } from "../../html.js";
import { route, setParams } from "../../router.js";
import { short } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { Tabs } from "../../components/tabs.js";
import { ChargingTab } from "./charging.js";
import { CoverageTab } from "./coverage.js";
import { DeviceModelTab } from "./device_model.js";
import { Head } from "./head.js";
import { CertificatesTab, DisplayTab, ReservationsTab, SecurityEventsTab } from "./lists.js";
import { MonitorsTab } from "./monitors.js";
import { OverviewTab } from "./overview.js";
import { useStation } from "./state.js";
import { TransactionsTab } from "./transactions.js";

/** The parts in the order of the tabs; `count` is shown beside the label. */
const PARTS = [
  { id: "overview", label: "Overview", component: OverviewTab },
  { id: "transactions", label: "Transactions", component: TransactionsTab, count: ({ transactions }) => transactions.length },
  { id: "device-model", label: "Device model", component: DeviceModelTab, count: ({ deviceModel }) => Object.keys(deviceModel).length },
  { id: "charging", label: "Charging", component: ChargingTab, count: ({ chargingProfiles }) => chargingProfiles.length },
  { id: "reservations", label: "Reservations", component: ReservationsTab, count: ({ reservations }) => reservations.length },
  { id: "display", label: "Display", component: DisplayTab, count: ({ displayMessages }) => displayMessages.length },
  { id: "certificates", label: "Certificates", component: CertificatesTab, count: ({ certificates }) => certificates.length },
  { id: "monitors", label: "Monitors", component: MonitorsTab, count: ({ monitors }) => monitors.length },
  { id: "security", label: "Security", component: SecurityEventsTab, count: ({ securityEvents }) => securityEvents.length },
  { id: "coverage", label: "Coverage", component: CoverageTab },
];

export const StationView = ({ id }) => {
  const { state, error } = useStation(id);
  if (!state) return error ? html`<${Missing} id=${id} error=${error} />` : html`<p class="muted">Loading the station …</p>`;
  const part = PARTS.find((one) => one.id === route.value.params.tab) ?? PARTS[0];
  const tabs = PARTS.map(({ id: tab, label, count }) => ({ id: tab, label, count: count?.(state) }));
  return html`
    <div class="view station">
      <${Head} state=${state} />
      <${Tabs} label="Parts of the station" tabs=${tabs} chosen=${part.id} onChoose=${choose}>
        <${part.component} state=${state} />
      <//>
    </div>
  `;
};

const choose = (tab) => setParams({ tab: tab === PARTS[0].id ? "" : tab, search: "", covered: "" });

const Missing = ({ id, error }) => html`
  <div class="view station">
    <div class="empty">
      <${Icon} name="station" />
      <h1 class="empty-title"><bdi>${short(id)}</bdi></h1>
      <p>${error.status === 404 ? "The mock does not know this station. It has not connected since the start, or has been forgotten." : error.message}</p>
      <a class="button" href="#/stations"><${Icon} name="arrow_left" /> All stations</a>
    </div>
  </div>
`;
