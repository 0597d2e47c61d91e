// A command to the station: a query is sent at once; for any other, the filled form in Send is opened.

import { useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { post, stationPath } from "../../api.js";
import { html } from "../../html.js";
import { Icon } from "../../components/icon.js";
import { attempt, notify } from "../../components/toasts.js";
import { begin } from "../send/draft.js";
import { answerOf } from "./answers.js";
import { isQuery } from "./queries.js";

/**
 * `payload` undefined means the default payload; `children` is the label, by default the action. With `isComplete`,
 * the user has written the payload already, so that it is sent at once.
 */
export const SendButton = ({ id, action, payload, isConnected = true, isComplete = false, children }) => {
  const label = children ?? action;
  return isComplete || isQuery(action)
    ? html`<${AtOnce} id=${id} action=${action} payload=${payload} isConnected=${isConnected} label=${label} />`
    : html`<${InForm} id=${id} action=${action} payload=${payload} label=${label} />`;
};

const AtOnce = ({ id, action, payload, isConnected, label }) => {
  const [isWaiting, setWaiting] = useState(false);
  const send = async () => {
    setWaiting(true);
    const answer = await attempt(() => post(stationPath(id, "/calls"), { action, payload }));
    setWaiting(false);
    if (answer) {
      const { kind, text } = answerOf(action, answer);
      notify(text, kind);
    }
  };
  return html`
    <button type="button" disabled=${isWaiting || !isConnected} title=${isConnected ? "Sends the command at once" : "The station is not connected"} onClick=${send}>
      <${Icon} name="send" /> ${isWaiting ? "Waiting for the answer" : label}
    </button>
  `;
};

const InForm = ({ id, action, payload, label }) => html`
  <a class="button" href=${hashOf(["send"], { station: id, action })} title=${`Opens the form of ${action}`} onClick=${() => begin(action, id, payload)}>
    <${Icon} name="edit" /> ${label} …
  </a>
`;
