// The commands that were sent last, to be sent or changed again.

import { Icon } from "../../components/icon.js";
import { ago } from "../../format.js";
import { html } from "../../html.js";
import { setParams } from "../../router.js";
import { short } from "../../text.js";
import { begin, options, stationFor } from "./draft.js";
import { ALL_CONNECTED, NO_OPTIONS, textOf } from "./request.js";
import { forgetRecent, recent, sendAgain } from "./sending.js";

/** "CS1", "CS1 and 2 more", "all connected stations". */
const targetsInWords = (targets) => {
  if (targets.includes(ALL_CONNECTED)) return "all connected stations";
  const [first = "no station", ...rest] = targets;
  return rest.length ? `${short(first, 24)} and ${rest.length} more` : short(first, 24);
};

export const RecentCommands = ({ onLoad }) => {
  if (!recent.value.length) {
    return html`<p class="muted send-hint">The commands that you send are listed here, to send them again. Those with passwords or key codes are not kept.</p>`;
  }
  return html`
    <ul class="send-recent" aria-label="Recent commands" tabindex="0">
      ${recent.value.map((command) => html`<${Recent} key=${command.time} command=${command} onLoad=${onLoad} />`)}
    </ul>
    <button type="button" class="quiet" onClick=${forgetRecent}><${Icon} name="trash" /> Clear the list</button>
  `;
};

const Recent = ({ command, onLoad }) => {
  const { action, targets, payload, time } = command;
  const show = () => {
    load(command);
    onLoad();
  };
  return html`
    <li>
      <button type="button" class="quiet send-load" title="Load it into the form" onClick=${show}>
        <span class="send-action"><bdi>${short(action, 40)}</bdi></span>
        <span class="send-summary">to <bdi>${targetsInWords(targets)}</bdi>, ${ago(time)} ago</span>
        <span class="send-summary mono"><bdi>${payload === undefined ? "default payload" : short(JSON.stringify(payload), 60)}</bdi></span>
      </button>
      <button type="button" class="quiet" aria-label=${`Send ${short(action, 40)} to ${targetsInWords(targets)} again`} title="Send again"
        onClick=${() => sendAgain(command)}><${Icon} name="refresh" /></button>
    </li>
  `;
};

const load = ({ action, targets, payload, options: used }) => {
  options.value = { ...NO_OPTIONS, ...used };
  setParams({ action, station: textOf(targets) });
  begin(action, stationFor(targets), payload);
};
