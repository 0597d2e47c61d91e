// A button that copies rules as TOML, which the server writes.

import { send } from "../../api.js";
import { html } from "../../html.js";
import { attempt, notify } from "../../components/toasts.js";
import { copyText } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";

export const CopyAsToml = ({ path, label, children = "Copy as TOML" }) => html`
  <button type="button" class="quiet" aria-label=${label} onClick=${() => attempt(() => copyToml(path))}><${Icon} name="copy" /> ${children}</button>
`;

const copyToml = async (path) => {
  const answer = await send("GET", path, { headers: { Accept: "application/toml" } });
  if (await copyText(await answer.text())) notify("Copied: save it as a file, and start the server with --config FILE", "good");
};
