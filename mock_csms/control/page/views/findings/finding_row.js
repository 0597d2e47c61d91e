// One finding: its time, its sentence, and its frames one click away.

import { useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { clock, dateTime } from "../../format.js";
import { html } from "../../html.js";
import { short, visible } from "../../text.js";
import { SeverityBadge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { Frame } from "./frame.js";
import { namesOf } from "./groups.js";
import { entriesOf } from "./known.js";
import { markdownOf } from "./report.js";

export const FindingRow = ({ finding, kind, hasKind }) => {
  const [hasFrames, setFrames] = useState(false);
  const { id, severity, station, time, sentence, frames } = finding;
  return html`
    <li class="finding">
      <time class="mono muted" datetime=${time} title=${dateTime(time)}>${clock(time)}</time>
      <span class="finding-of">
        ${hasKind
          ? html`<${SeverityBadge} severity=${severity} /> <a class="mono" href=${hashOf(["findings"], { id, station })}>${id}</a>`
          : html`<a href=${hashOf(["stations", station])}><bdi>${short(station)}</bdi></a>`}
      </span>
      <p class="finding-text"><bdi>${visible(sentence)}</bdi></p>
      <div class="finding-actions">
        ${frames.map((number) => html`<a class="button quiet" key=${number} href=${hashOf(["messages"], { entry: number })} title=${`Show frame ${number} among the messages`}><${Icon} name="messages" /><span class="visually-hidden">Frame </span>${number}</a>`)}
        ${frames.length > 0 && html`
          <button type="button" class="quiet" aria-expanded=${hasFrames} onClick=${() => setFrames(!hasFrames)}>
            ${hasFrames ? "Hide" : "Show"} ${frames.length === 1 ? "frame" : "frames"}
          </button>
        `}
        <${CopyButton} text=${async () => markdownOf([finding], kind, await entriesOf([finding]))}>Copy<//>
      </div>
      ${hasFrames && html`<div class="finding-frames">${frames.map((number, index) => html`<${Frame} key=${number} number=${number} name=${namesOf(finding)[index]} />`)}</div>`}
    </li>
  `;
};
