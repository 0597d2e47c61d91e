// A button that sends a command to the station, with the default payload or another one, and shows the answer.

import { useState } from "preact/hooks";
import { post, stationPath } from "../../api.js";
import { html } from "../../html.js";
import { Icon } from "../../components/icon.js";
import { attempt, notify } from "../../components/toasts.js";
import { answerOf } from "./answers.js";

/** `payload` undefined means the default payload; `children` is the label, by default the action. */
export const SendButton = ({ id, action, payload, isConnected = true, children }) => {
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
    <button type="button" disabled=${isWaiting || !isConnected} title=${isConnected ? undefined : "The station is not connected"} onClick=${send}>
      <${Icon} name="send" /> ${isWaiting ? "Waiting for the answer" : (children ?? action)}
    </button>
  `;
};
