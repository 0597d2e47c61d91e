// Asks for the control token.

import { useState } from "preact/hooks";
import { token, useToken } from "../api.js";
import { html } from "../html.js";
import { Dialog } from "../components/dialog.js";

export const TokenDialog = () => {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (text) useToken(text);
  };
  return html`
    <${Dialog} title="Control token">
      <form onSubmit=${submit}>
        ${token.value.text && html`<p class="bad-text" role="alert">The server does not accept this token.</p>`}
        <p>The server was started with <code>--control-token</code>. The token is kept until this tab is closed.</p>
        <label class="field">Token <input type="password" autocomplete="off" required value=${text} onInput=${(event) => setText(event.target.value)} /></label>
        <div class="actions"><button class="primary">Continue</button></div>
      </form>
    <//>
  `;
};
