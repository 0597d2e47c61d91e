// The views, and the links to them.

import { shareText } from "../format.js";
import { html } from "../html.js";
import { stations } from "../live.js";
import { Icon } from "../components/icon.js";
import { BehaveView } from "../views/behave/behave.js";
import { CertifyView } from "../views/certify/certify.js";
import { progressText } from "../views/certify/run.js";
import { run } from "../views/certify/run_state.js";
import { FindingsView } from "../views/findings/findings.js";
import { MessagesView } from "../views/messages/messages.js";
import { OverviewView } from "../views/overview/overview.js";
import { SendView } from "../views/send/send.js";
import { StationsView } from "../views/stations/stations.js";

/** Connected and all stations, "2/3"; one number if all are connected. */
const stationCount = () => {
  const all = [...stations.value.values()];
  return shareText(all.filter(({ connected }) => connected).length, all.length);
};
const findings = () => {
  const sum = [...stations.value.values()].reduce((total, station) => total + station.findings.error + station.findings.warning, 0);
  return shareText(sum, sum);
};

/** The views in the order of the navigation; the number keys choose them. `count` is the text beside the label, empty for none. */
export const VIEWS = [
  { id: "stations", label: "Stations", icon: "station", component: StationsView, count: stationCount },
  { id: "messages", label: "Messages", icon: "messages", component: MessagesView },
  { id: "send", label: "Send", icon: "send", component: SendView },
  { id: "behave", label: "Behave", icon: "wand", component: BehaveView },
  { id: "findings", label: "Findings", icon: "flag", component: FindingsView, count: findings },
  { id: "certify", label: "Certify", icon: "certify", component: CertifyView, count: () => progressText(run.value) },
  { id: "overview", label: "Overview", icon: "chart", component: OverviewView },
];

export const Navigation = ({ chosen }) => html`
  <nav aria-label="Views">
    ${VIEWS.map(
      ({ id, label, icon, count }) => html`
        <a key=${id} href=${`#/${id}`} aria-current=${id === chosen ? "page" : undefined}>
          <${Icon} name=${icon} /><span>${label}</span>${count && html`<${Count} count=${count} />`}
        </a>
      `,
    )}
  </nav>
`;

const Count = ({ count }) => {
  const shown = count();
  return shown && html`<span class="count">${shown}</span>`;
};
