// The view "Send": choose a command, fill in its form or its JSON, and see the answers.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ConfirmDialog } from "../../components/dialog.js";
import { Empty } from "../../components/empty.js";
import { attempt } from "../../components/toasts.js";
import { plural } from "../../format.js";
import { isGlob } from "../../glob.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { route, setParams } from "../../router.js";
import { entryOf } from "../../stored.js";
import { short } from "../../text.js";
import { Answers } from "./answers.js";
import { CommandChooser } from "./command_chooser.js";
import { begin, connectedIds, draft, isDefault, options, payload, refresh, renewIds, show, stationFor, typedTarget, whenLoaded, withTyped } from "./draft.js";
import { DraftHead } from "./draft_head.js";
import { PayloadForm } from "./form.js";
import { PayloadJson } from "./json_editor.js";
import { hindrance } from "./hindrance.js";
import { idsFrom, isDisruptive, isLeftOut, recipientsOf, targetsOf, textOf } from "./request.js";
import { sendCommand } from "./sending.js";

const MAX_NAMED = 5;

/** The parameters that were chosen last; the view begins with them when it is shown again without any. */
const chosen = signal({ action: "", station: "" });

export const SendView = () => {
  const { params } = route.value;
  const { action = "" } = params;
  const targets = targetsOf(params.station);
  const station = stationFor(targets);
  const isKnown = stations.value.has(station);
  useEffect(() => {
    if (!params.action && !params.station) setParams(chosen.value);
    refresh();
  }, []);
  useEffect(() => {
    chosen.value = { action, station: params.station ?? "" };
    if (action) show(action, station, isKnown);
  }, [action, params.station, station, isKnown]);
  useEffect(() => {
    if (action && params.entry) beginWith(action, station, Number(params.entry));
  }, [params.entry]);
  const chooseTargets = (ids) => setParams({ station: textOf(ids) });
  const [asked, setAsked] = useState(null);
  const send = () => {
    const all = withTyped(targets);
    if (all !== targets) chooseTargets(all);
    typedTarget.value = all === targets ? typedTarget.value : "";
    const isForSeveral = all.some(isGlob) || all.length > 1; // which stations a glob matches may change at any moment
    const isAsked = isDisruptive(action) && isForSeveral && !hindrance(all);
    return isAsked ? setAsked(all) : sendDraft(action, all);
  };
  useSendKey(send);
  return html`
    <div class="view send-view">
      <h1 class="visually-hidden">Send</h1>
      <${CommandChooser} chosen=${action} />
      ${action ? html`<${Draft} targets=${targets} onTargets=${chooseTargets} onSend=${send} />` : html`<${NoCommand} />`}
      ${asked && html`<${Question} action=${action} targets=${asked} onConfirm=${() => sendDraft(action, asked)} onClose=${() => setAsked(null)} />`}
    </div>
  `;
};

/** Ask before stations are disturbed, of which most are perhaps not meant. */
const Question = ({ action, targets, ...rest }) => {
  const ids = recipientsOf(targets, connectedIds());
  const named = ids.slice(0, MAX_NAMED).map((id) => short(id, 30)).join(", ");
  const others = ids.length - MAX_NAMED;
  return html`
    <${ConfirmDialog} title=${`Send ${action} to ${plural(ids.length, "station")}?`} action=${`Send to ${plural(ids.length, "station")}`}
      question=${html`It goes to <bdi>${named}</bdi>${others > 0 ? ` and ${others} more` : ""}.`} ...${rest} />
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
    <${PayloadForm} targets=${targets} />
  </div>
  <div class="send-side">
    <${PayloadJson} />
    <${Answers} />
  </div>
`;

/** Begin with the payload of a command in the journal. */
const beginWith = async (action, station, number) => {
  setParams({ entry: "" });
  await attempt(async () => {
    const entry = await entryOf(number);
    if (!entry) throw new Error(`Entry ${number} is no longer stored; this is the default payload`);
    if (entry.action === action && entry.type === "call") await begin(action, station, entry.frame[3]);
  });
};

const sendDraft = async (action, targets) => {
  const station = stationFor(targets);
  show(action, station, stations.value.has(station));
  await whenLoaded();
  if (!action || action !== draft.value.action || hindrance(targets)) return;
  const isOmitted = isLeftOut(isDefault.value, targets, payload.value);
  const given = { action, targets, payload: isOmitted ? undefined : payload.value, options: options.value };
  await sendCommand(given, isDefault.value ? { ...given, payload: undefined } : { ...given, ids: idsFrom(draft.value.details?.defaultPayload, payload.value) });
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
