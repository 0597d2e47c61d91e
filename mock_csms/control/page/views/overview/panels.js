// Facts about the server: counts, addresses, schedule, journal and folders.

import { bytes, count, dateTime, plural } from "../../format.js";
import { html } from "../../html.js";
import { visible } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { Facts } from "../../components/facts.js";
import { audienceOf, fillOf, planOf } from "./figures.js";

const Panel = ({ title, children }) => html`<section class="panel" aria-label=${title}><h2>${title}</h2>${children}</section>`;

export const Totals = ({ statistics }) => html`
  <${Panel} title="Since the start">
    <${Facts} facts=${[
      ["Messages received", count(statistics.received)],
      ["Messages sent", count(statistics.sent)],
      ["CALLERRORs, malformed frames", count(statistics.errors)],
      ["Unanswered commands", count(statistics.timeouts)],
      ["Connections", count(statistics.connections)],
      ["Refused connections", count(statistics.refused)],
      ["Injected faults", html`${count(statistics.faults)} <span class="muted">without changed answers</span>`],
    ]} />
  <//>
`;

export const Addresses = ({ facts: { stationUrls, ocppVersions } }) => html`
  <${Panel} title="Where stations connect">
    <ul class="addresses">
      ${stationUrls.map((url) => html`<li key=${url}><code>${url}<span class="muted">${"<station id>"}</span></code><${CopyButton} text=${url}>Copy<//></li>`)}
    </ul>
    <p class="muted">A station appends its identity to the URL, and offers the subprotocol of OCPP ${ocppVersions.join(" or ")}.</p>
  <//>
`;

export const Schedule = ({ schedule }) => html`
  <${Panel} title="Scheduled commands">
    ${schedule.length
      ? html`<table>
          <thead><tr><th scope="col">Command</th><th scope="col">When</th><th scope="col">To</th></tr></thead>
          <tbody>
            ${schedule.map((step, index) => html`<tr key=${index}><td>${step.action}</td><td>${planOf(step)}</td><td><bdi>${visible(audienceOf(step))}</bdi></td></tr>`)}
          </tbody>
        </table>`
      : html`<p class="muted">None. The server sends commands by itself if it is started like this:</p>
          <p><code>mock-csms --command GetBaseReport --period 30</code></p>`}
  <//>
`;

export const Journal = ({ journal }) => {
  const { last, stored, maxEntries, bytes: size, maxBytes, file, missing } = journal;
  const fill = fillOf(journal);
  return html`
    <${Panel} title="Journal">
      <p class="journal-fill">
        <meter min="0" max="1" value=${fill} aria-label="Memory of the journal that is used"></meter> ${Math.round(fill * 100)}% of its memory
      </p>
      <${Facts} facts=${[
        ["In memory", `${count(stored)} of at most ${count(maxEntries)} entries, ${bytes(size)} of ${bytes(maxBytes)}`],
        ["Recorded", plural(last, "entry", "entries")],
        ["File", file ? html`<code>${visible(file)}</code>` : html`none; <code>--journal FILE</code> writes one`],
        ...(missing ? [["Missing in it", html`<${Badge} kind="bad">${plural(missing, "entry", "entries")} could not be written<//>`]] : []),
      ]} />
      ${fill >= 1 && html`<p class="muted">The oldest entries are dropped as new ones come.</p>`}
    <//>
  `;
};

export const Files = ({ facts: { files, pki } }) => html`
  <${Panel} title="Folders">
    <${Facts} facts=${[
      ["Files for stations", files ? html`<code>${visible(files)}</code>` : html`in memory; <code>--files FOLDER</code> keeps them`],
      ["Certificates", pki ? html`<code>${visible(pki)}</code>` : html`in memory; <code>--pki FOLDER</code> keeps them`],
    ]} />
  <//>
`;

export const ServerFacts = ({ facts: { version, startedAt, control, seed, tokenRequired } }) => html`
  <${Panel} title="Server">
    <${Facts} facts=${[
      ["Version", version],
      ["Started", dateTime(startedAt)],
      ["Control API", html`<code>${control}</code>`],
      ["Access", tokenRequired ? "with a token" : "without a token"],
      ["Seed of random choices", html`<code>${seed}</code> <${CopyButton} text=${String(seed)}>Copy<//>`],
    ]} />
    <p class="links">
      <a href="../docs">API documentation</a> <a href="../openapi.json">OpenAPI document</a> <a href="../metrics">Metrics</a> <a href="../health">Health</a>
    </p>
    ${tokenRequired && html`<p class="muted">The OpenAPI document and the metrics need the token in a header, so that a browser cannot open them.</p>`}
  <//>
`;
