// Four large numbers, each with its curve over the last ten minutes.

import { useMemo } from "preact/hooks";
import { count, latency, plural } from "../../format.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { Chart } from "../../components/chart.js";
import { eventsIn, fewDigits, newestKnown, newestMean, NO_HISTORY } from "./figures.js";

const rate = (value) => `${fewDigits(value)}/s`;
const whole = (value) => (Number.isInteger(value) ? count(value) : "");
const milliseconds = (value) => latency(value / 1000);

export const Curves = ({ statistics }) => {
  const history = statistics?.history ?? NO_HISTORY;
  return html`
    <div class="curves">
      <${Messages} history=${history} /><${Answers} history=${history} />
      <${Connections} history=${history} statistics=${statistics} /><${Errors} history=${history} statistics=${statistics} />
    </div>
  `;
};

const Messages = ({ history }) => {
  const received = newestMean(history.received);
  const sent = newestMean(history.sent);
  return html`
    <${Curve} title="Messages" number=${received === null ? "–" : fewDigits(received + sent)} unit="per second"
      remark=${received === null ? "" : `${fewDigits(received)} received, ${fewDigits(sent)} sent`}
      history=${history} columns=${["received", "sent"]} axis=${rate}
      series=${[{ label: "received", color: "--curve-1", fill: "--curve-1-fill" }, { label: "sent", color: "--curve-2", dash: [5, 4] }]} />
  `;
};

const Answers = ({ history }) => {
  const answer = newestKnown(history.answerMs);
  const own = newestKnown(history.mockMs);
  return html`
    <${Curve} title="Station answers" number=${answer === null ? "–" : milliseconds(answer)} unit="median"
      remark=${own === null ? "" : `the mock answers in ${milliseconds(own)}`}
      history=${history} columns=${["answerMs", "mockMs"]} axis=${milliseconds}
      series=${[{ label: "stations", color: "--curve-2" }, { label: "mock", color: "--curve-1", dash: [5, 4] }]} />
  `;
};

const Connections = ({ history, statistics }) => {
  const refused = statistics?.refused ?? 0;
  return html`
    <${Curve} title="Connections" number=${statistics ? count(statistics.connected) : "–"} unit=${`of ${plural(stations.value.size, "station")}`}
      remark=${refused ? `${count(refused)} refused since the start` : "none refused"} hasProblem=${refused > 0}
      history=${history} columns=${["connected"]} axis=${whole}
      series=${[{ label: "connected", color: "--curve-1", fill: "--curve-1-fill", stepped: true }]} />
  `;
};

const Errors = ({ history, statistics }) => {
  const errors = eventsIn(history.errors);
  const refused = eventsIn(history.refused);
  return html`
    <${Curve} title="Errors" number=${statistics ? count(errors) : "–"} unit="in ten minutes" tone=${errors ? "bad" : ""}
      remark=${`CALLERRORs and malformed frames; ${plural(refused, "refused connection")}`}
      history=${history} columns=${["errors", "refused"]} axis=${rate}
      series=${[{ label: "errors", color: "--curve-5" }, { label: "refused", color: "--curve-3", dash: [5, 4] }]} />
  `;
};

const Curve = ({ title, number, unit, remark, tone = "", hasProblem = false, history, columns, series, axis }) => {
  const data = useMemo(() => [history.time, ...columns.map((name) => history[name] ?? [])], [history]);
  return html`
    <section class="panel curve" aria-label=${title}>
      <div class="curve-head">
        <div><h2>${title}</h2><p><strong class=${`figure ${tone}`}>${number}</strong> <span class="muted">${unit}</span></p></div>
        <p class=${`curve-remark ${hasProblem ? "warn" : ""}`}>${remark}</p>
      </div>
      <${Chart} data=${data} series=${series} axis=${axis} height=${130} description=${`${title} over the last ten minutes; now ${number} ${unit}`} />
    </section>
  `;
};
