// Adds or edits a token.

import { useState } from "preact/hooks";
import { put } from "../../api.js";
import { record } from "../../live.js";
import { html } from "../../html.js";
import { Dialog } from "../../components/dialog.js";
import { notify } from "../../components/toasts.js";
import { ChoiceField, TextField } from "./fields.js";
import { flawAt, flawsIn, otherFlaws } from "./flaws.js";
import { numberIn, withKey } from "./rule_form.js";
import { CERTIFICATE_STATUSES, evsesIn, seenTokens, TOKEN_STATUSES, TOKEN_TYPES } from "./token_words.js";

export const tokenPath = (name) => `v1/tokens/${encodeURIComponent(name)}`;

const isListed = (names, name) => names.some((known) => known.toLowerCase() === name.trim().toLowerCase());

/** Fields of the form, at which their flaws are shown. */
const FIELDS = ["status", "type", "groupIdToken", "cacheExpiry", "evseId", "personalMessage", "language", "certificateStatus"];

const named = (values, none) => [...(none ? [{ value: "", label: none }] : []), ...values.map((value) => ({ value, label: value }))];

/** `names` are the tokens that are listed; a new one does not replace them. */
export const TokenDialog = ({ name: original, token: initial, names, onSaved, onClose }) => {
  const [name, setName] = useState(original);
  const [token, setToken] = useState(initial);
  const [evses, setEvses] = useState((initial.evseId ?? []).join(", "));
  const [flaws, setFlaws] = useState([]);
  const problem = otherFlaws(flaws, FIELDS);
  const set = (key) => (value) => setToken(withKey(token, key, value));
  const submit = async (event) => {
    event.preventDefault();
    if (!original && isListed(names, name)) return setFlaws([{ path: "", text: "This token is listed already; edit it in the list" }]);
    try {
      await put(tokenPath(name.trim()), withKey(token, "evseId", evsesIn(evses)));
      notify("The token is saved, for the next use", "good");
      onSaved();
      onClose();
    } catch (error) {
      setFlaws(flawsIn(error.message));
    }
  };
  return html`
    <${Dialog} title=${original ? "Edit the token" : "Add a token"} onClose=${onClose}>
      <form class="token-form" onSubmit=${submit} onInput=${() => setFlaws([])}>
        <div class="form-row">
          <${TextField} label="idToken" list="seen-tokens" value=${name} required maxlength="36" readonly=${Boolean(original)} onChange=${setName} />
          <datalist id="seen-tokens">${seenTokens(record.entries).map((seen) => html`<option key=${seen} value=${seen}></option>`)}</datalist>
          <${ChoiceField} label="Status" flaw=${flawAt(flaws, "status")} value=${token.status ?? "Accepted"} choices=${named(TOKEN_STATUSES)} onChange=${set("status")} />
          <${ChoiceField} label="Type" flaw=${flawAt(flaws, "type")} value=${token.type ?? ""} choices=${named(TOKEN_TYPES, "any")} onChange=${set("type")} hint="with another type, it is unknown" />
          <${TextField} label="Group" flaw=${flawAt(flaws, "groupIdToken")} value=${token.groupIdToken} maxlength="36" onChange=${set("groupIdToken")} />
          <${TextField} label="Cached until" flaw=${flawAt(flaws, "cacheExpiry")} value=${token.cacheExpiry} placeholder="3600 or 2027-01-01T12:00:00Z" onChange=${(text) => set("cacheExpiry")(numberIn(text))} hint="seconds after the answer, or a date and time" />
          <${TextField} label="EVSEs" flaw=${flawAt(flaws, "evseId")} value=${evses} placeholder="all" onChange=${setEvses} hint="such as 1, 2" />
          <${TextField} label="Message to the driver" flaw=${flawAt(flaws, "personalMessage")} value=${token.personalMessage} maxlength="512" onChange=${set("personalMessage")} />
          <${TextField} label="Language" flaw=${flawAt(flaws, "language")} value=${token.language} placeholder="en-US" maxlength="8" onChange=${set("language")} />
          <${ChoiceField} label="Status of its certificate" flaw=${flawAt(flaws, "certificateStatus")} value=${token.certificateStatus ?? ""} choices=${named(CERTIFICATE_STATUSES, "from the certificate")} onChange=${set("certificateStatus")} />
        </div>
        ${problem && html`<p class="form-problem" role="alert">${problem}</p>`}
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button class="primary">Save the token</button>
        </div>
      </form>
    <//>
  `;
};
