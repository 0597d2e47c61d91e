// The view "Send": choose a command, fill in its form or its JSON, and see the answers.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Empty } from "../../components/empty.js";
import { html } from "../../html.js";
import { route, setParams } from "../../router.js";
import { Answers } from "./answers.js";
import { CommandChooser } from "./command_chooser.js";
import { draft, load, options, payload, renewIds, stationFor } from "./draft.js";
import { DraftHead } from "./draft_head.js";
import { PayloadForm } from "./form.js";
import { PayloadJson } from "./json_editor.js";
import { hindrance } from "./hindrance.js";
import { isLeftOut } from "./request.js";
import { sendCommand } from "./sending.js";

const SEPARATOR = "\n"; // identities have no line breaks

/** The parameters that were chosen last; the view begins with them when it is shown again without any. */
const chosen = signal({ action: "", station: "" });

const targetsOf = (station = "") => station.split(SEPARATOR).filter(Boolean);

export const SendView = () => {
  const { params } = route.value;
  const { action = "" } = params;
  const targets = targetsOf(params.station);
  const station = stationFor(targets);
  useEffect(() => {
    if (!params.action && !params.station) setParams(chosen.value);
  }, []);
  useEffect(() => {
    chosen.value = { action, station: params.station ?? "" };
    if (action) load(action, station);
  }, [action, params.station, station]);
  const chooseTargets = (ids) => setParams({ station: ids.join(SEPARATOR) });
  const send = () => sendDraft(action, targets);
  useSendKey(send);
  return html`
    <div class="view send-view">
      <h1 class="visually-hidden">Send</h1>
      <${CommandChooser} chosen=${action} targets=${targets} />
      ${action ? html`<${Draft} targets=${targets} onTargets=${chooseTargets} onSend=${send} />` : html`<${NoCommand} />`}
    </div>
  `;
};

const NoCommand = () => html`
  <div class="send-draft"><section class="panel"><${Empty} icon="send" title="Choose a command">
    <p>Its form is filled with the payload that the mock would send by default.</p>
  <//></section></div>
  <div class="send-side"><${Answers} /></div>
`;

const Draft = ({ targets, onTargets, onSend }) => html`
  <div class="send-draft">
    <${DraftHead} targets=${targets} onTargets=${onTargets} onSend=${onSend} />
    <${PayloadForm} />
  </div>
  <div class="send-side">
    <${PayloadJson} />
    <${Answers} />
  </div>
`;

const sendDraft = async (action, targets) => {
  if (!action || hindrance(targets)) return;
  const isOmitted = isLeftOut(draft.value.isDefault, targets, payload.value);
  await sendCommand({ action, targets, payload: isOmitted ? undefined : payload.value, options: options.value });
  renewIds();
};

const useSendKey = (send) => {
  useEffect(() => {
    const pressed = (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      send();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
};
