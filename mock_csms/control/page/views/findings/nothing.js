// No findings: what has been watched, or what to do next.

import { plural } from "../../format.js";
import { html } from "../../html.js";
import { record, server, stations } from "../../live.js";
import { setParams } from "../../router.js";
import { short } from "../../text.js";
import { Ago } from "../../components/ago.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { stationCommand } from "../stations/selection.js";
import { kinds } from "./known.js";

export const NoFindings = ({ params, hasFindings }) => {
  const station = stations.value.get(params.station);
  if (station && !params.severity && !params.id && !params.text) return html`<${NoneAboutStation} station=${station} />`;
  if (hasFindings) return html`<${NoMatch} severity=${params.severity} />`;
  if (!stations.value.size) return html`<${NoStation} />`;
  return html`
    <${Empty} icon="check" title="No findings">
      <p>${plural(stations.value.size, "station")} watched, ${plural(received(), "message")} compared with the specification.</p>
      <${Watched} />
    <//>
  `;
};

const NoneAboutStation = ({ station: { id, lastMessage } }) => html`
  <${Empty} icon="check" title=${html`No findings about <bdi>${short(id)}</bdi>`}>
    ${lastMessage && html`<p>Its last message came <${Ago} time=${lastMessage} />.</p>`}
    <${Watched} />
    <button type="button" onClick=${() => setParams({ station: "" })}>Show all stations</button>
  <//>
`;

const NoMatch = ({ severity }) => html`
  <${Empty} icon="search" title="No finding matches">
    ${severity === "hint" && kinds.value?.some(isSilencedHint) && html`
      <p>Hints about recommendations are silenced unless the server is started with <code>--hints</code>. <a href="#/findings?tab=all&severity=hint">Report them</a></p>
    `}
    <button type="button" onClick=${() => setParams({ severity: "", station: "", id: "", text: "" })}>Clear the filters</button>
  <//>
`;

const isSilencedHint = ({ severity, silenced }) => severity === "hint" && silenced;

const NoStation = () => {
  const urls = server.value?.stationUrls ?? [];
  const command = urls.length > 0 && `${stationCommand(urls)} --misbehave omit-time-zone`;
  return html`
    <${Empty} icon="flag" title="No findings, because no station has connected yet">
      <p>Each message of a station is compared with the specification as it comes. Connect one, or try a simulated one that makes a mistake:</p>
      ${command && html`<p><code>${command}</code> <${CopyButton} text=${command} /></p>`}
    <//>
  `;
};

const Watched = () => {
  const silenced = kinds.value?.filter((kind) => kind.silenced).length;
  if (!kinds.value) return null;
  return html`
    <p>
      ${kinds.value.length - silenced} kinds of mistakes are looked for${silenced ? html`, ${silenced} are silenced` : ""}.
      ${" "}<a href="#/findings?tab=all">Show all kinds</a>
    </p>
  `;
};

const received = () => record.entries.filter(({ direction }) => direction === "received").length;
