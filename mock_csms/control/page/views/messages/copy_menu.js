// Copies a message: as JSON, as a command for a shell, or as a rule.

import { useState } from "preact/hooks";
import { urlOf } from "../../api.js";
import { hashOf } from "../../address.js";
import { html } from "../../html.js";
import { server } from "../../live.js";
import { curlOf, jsonOf } from "../../messages/copy.js";
import { rulesFor } from "../../messages/rules.js";
import { CopyButton } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { RuleDialog } from "./rule_dialog.js";

export const CopyMenu = ({ entry, partner }) => {
  const [isMakingRule, setMakingRule] = useState(false);
  const call = [entry, partner].find((each) => each && isCall(each));
  const answer = [entry, partner].find((each) => each && each !== call);
  const curl = () => curlOf(call, { base: urlOf("").href, needsToken: server.value?.tokenRequired });
  return html`
    <div class="toolbar message-copy" role="group" aria-label="Copy">
      <${CopyButton} text=${() => jsonOf(entry)}>${entry.type === "malformed" ? "Copy the text" : "Copy as JSON"}<//>
      ${call && html`<${CopyButton} text=${curl}>${call.direction === "sent" ? "Copy as curl" : "Copy a curl that waits for this message"}<//>`}
      ${call && html`<button type="button" class="quiet" onClick=${() => setMakingRule(true)}><${Icon} name="wand" /> Make a rule</button>`}
      ${call?.direction === "sent" && html`
        <a class="button quiet" href=${hashOf(["send"], { station: call.station, action: call.action, entry: call.number })}><${Icon} name="edit" /> Open in Send</a>
      `}
      ${isMakingRule && html`<${RuleDialog} choices=${rulesFor([call, answer])} onClose=${() => setMakingRule(false)} />`}
    </div>
  `;
};

/** Whether an entry is a CALL with an action; one that a fault kept back has no partner. */
const isCall = ({ type, partner, action }) => (type === "call" || (type === "withheld" && partner === undefined)) && action !== undefined;
