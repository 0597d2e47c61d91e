// Asks for the control token.

import { useState } from "preact/hooks";
import { token, useToken } from "../api.js";
import { html } from "../html.js";
import { Dialog } from "../components/dialog.js";

const VISIBLE_ASCII = /^[!-~]+$/;

export const TokenDialog = () => {
  const [text, setText] = useState("");
  const [flaw, setFlaw] = useState(token.value.text && "The server does not accept this token.");
  const submit = (event) => {
    event.preventDefault();
    const trimmed = text.trim();
    if (VISIBLE_ASCII.test(trimmed)) useToken(trimmed);
    else setFlaw("A token has only visible ASCII characters; copy it again from the start of the server.");
  };
  return html`
    <${Dialog} title="Control token">
      <form onSubmit=${submit}>
        ${flaw && html`<p class="bad-text" role="alert">${flaw}</p>`}
        <p>The server was started with <code>--control-token</code>. The token is kept until this tab is closed.</p>
        <label class="field">Token <input type="password" autocomplete="off" required value=${text} onInput=${(event) => setText(event.target.value)} /></label>
        <div class="actions"><button class="primary">Continue</button></div>
      </form>
    <//>
  `;
};
