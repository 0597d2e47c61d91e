// The prompt to the person at the station, with its answers; and a banner in the other views that leads to it.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { visible } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { openPrompt } from "./run.js";
import { answerPrompt, run } from "./run_state.js";

export const Prompt = ({ prompt }) => {
  const [isSending, setSending] = useState(false);
  const answer = async (word) => {
    if (isSending) return;
    setSending(true);
    const isAnswered = await attempt(() => answerPrompt(prompt, word));
    if (!isAnswered) setSending(false);
  };
  useKeys({ d: () => answer("done"), c: () => answer("cannot") });
  return html`
    <section class="certify-prompt" aria-label="Prompt">
      <div role="alert">
        <p class="certify-prompt-text"><bdi>${visible(prompt.text)}</bdi></p>
        ${prompt.detail && html`<p class="certify-prompt-detail"><bdi>${visible(prompt.detail)}</bdi></p>`}
      </div>
      <div class="certify-answers">
        <button type="button" class="primary" disabled=${isSending} onClick=${() => answer("done")}><${Icon} name="check" />Done <kbd aria-hidden="true">d</kbd></button>
        <button type="button" disabled=${isSending} onClick=${() => answer("cannot")}><${Icon} name="cross" />Cannot <kbd aria-hidden="true">c</kbd></button>
      </div>
    </section>
  `;
};

/** Says in the other views that a prompt waits. */
export const PromptBanner = () => {
  const prompt = openPrompt(run.value);
  return prompt && html`<p class="prompt-banner" role="status"><${Icon} name="hand" /><bdi class="ellipsis">${visible(prompt.text)}</bdi> <a href="#/certify">Answer</a></p>`;
};
