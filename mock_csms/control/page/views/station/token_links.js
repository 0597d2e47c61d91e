// A token with links to what can be done with it.

import { hashOf } from "../../address.js";
import { html } from "../../html.js";
import { Token } from "./text.js";
import { expressionWith } from "./timeline.js";

/** The token, its messages, and the dialog that blocks it. */
export const TokenLinks = ({ idToken, station }) => html`
  <${Token} idToken=${idToken} />
  ${typeof idToken?.idToken === "string" && html`
    <span class="token-links">
      <a href=${hashOf(["messages"], { station, expression: expressionWith(idToken.idToken) })}>Messages</a>
      <a href=${hashOf(["behave", "tokens"], { token: idToken.idToken })}>Block …</a>
    </span>
  `}
`;
