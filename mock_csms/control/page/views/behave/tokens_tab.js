// The tokens that apply to all stations.

import { useEffect, useRef, useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { get, remove } from "../../api.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { route, setParams } from "../../router.js";
import { short, visible } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { ConfirmDialog } from "../../components/dialog.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { fetchProblem, useFetched } from "./fetched.js";
import { TokenDialog, tokenPath } from "./token_form.js";
import { kindOf, searchedTokens, statusOf, tokenFacts } from "./token_words.js";

const MAX_ROWS = 300;

export const TokensTab = () => {
  const { value: tokens, problem, refresh } = useFetched(() => get("v1/tokens"));
  const [text, setText] = useState("");
  const [edited, setEdited] = useState(null);
  const [deleted, setDeleted] = useState("");
  const search = useRef(null);
  const add = () => setEdited({ name: "", token: { status: "Blocked" } });
  const { token: wanted } = route.value.params;
  useEffect(() => {
    if (!wanted || !tokens) return;
    setParams({ token: "" });
    const name = Object.keys(tokens).find((one) => one.toLowerCase() === wanted.toLowerCase()) ?? wanted;
    setEdited({ name, token: { ...tokens[name], status: "Blocked" } });
  }, [wanted, tokens]);
  useKeys({ "/": () => search.current?.focus(), n: add });
  const rows = searchedTokens(tokens ?? {}, text);
  return html`
    <div class="toolbar">
      <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search the tokens</span>
        <input type="search" ref=${search} placeholder="Search" value=${text} onInput=${(event) => setText(event.target.value)} />
      </label>
      <span class="muted">${tokens && plural(rows.length, "token")}</span>
      <span class="spacer"></span>
      <button type="button" class="primary" onClick=${add}><${Icon} name="plus" /> Add a token</button>
    </div>
    <p class="muted">An idToken that is not listed is Accepted, unless the settings <code>unknownToken</code> or <code>authMode</code> of the station's <a href=${hashOf(["behave", "profile"])}>profile</a> say otherwise. Case does not matter.</p>
    ${problem && html`<p class="form-problem" role="alert">${fetchProblem(problem)}</p>`}
    ${tokens && !Object.keys(tokens).length && html`<${Empty} icon="key" title="No token is listed"><p>Add one to block it, or to give it a group or a message.</p><//>`}
    ${tokens && Object.keys(tokens).length > 0 && !rows.length && html`<${Empty} icon="search" title="No token matches" />`}
    ${rows.length > 0 && html`<${TokenTable} rows=${rows.slice(0, MAX_ROWS)} onEdit=${setEdited} onDelete=${setDeleted} />`}
    ${rows.length > MAX_ROWS && html`<p class="muted">The first ${MAX_ROWS} are shown; search for others.</p>`}
    ${edited && html`<${TokenDialog} ...${edited} names=${Object.keys(tokens ?? {})} onSaved=${refresh} onClose=${() => setEdited(null)} />`}
    ${deleted && html`
      <${ConfirmDialog} title="Delete the token?" question=${html`<bdi>${visible(deleted)}</bdi> is then like any idToken that is not listed.`} action="Delete the token"
        onConfirm=${() => attempt(() => remove(tokenPath(deleted)), "The token is deleted").then(refresh)} onClose=${() => setDeleted("")} />
    `}
  `;
};

const TokenTable = ({ rows, onEdit, onDelete }) => html`
  <div class="panel table-panel">
    <table class="token-table">
      <thead><tr><th scope="col">idToken</th><th scope="col">Status</th><th scope="col">Details</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>
        ${rows.map(([name, token]) => html`
          <tr key=${name}>
            <th scope="row" class="mono"><bdi>${visible(name)}</bdi></th>
            <td><${Badge} kind=${kindOf(statusOf(token))}>${statusOf(token)}<//></td>
            <td class="token-facts">${tokenFacts(token).map((fact) => html`<span key=${fact}><bdi>${short(fact, 100)}</bdi></span>`)}</td>
            <td class="row-actions">
              <button type="button" class="quiet" aria-label=${`Edit token ${visible(name)}`} onClick=${() => onEdit({ name, token })}><${Icon} name="edit" /> Edit</button>
              <button type="button" class="quiet" aria-label=${`Delete token ${visible(name)}`} onClick=${() => onDelete(name)}><${Icon} name="trash" /> Delete</button>
            </td>
          </tr>
        `)}
      </tbody>
    </table>
  </div>
`;
