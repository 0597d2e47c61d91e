// The cases as cells, a row for each block: their colour and letter show the verdict, and a click the case.

import { useLayoutEffect, useRef } from "preact/hooks";
import { hashOf } from "../../address.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { route } from "../../router.js";
import { short, visible } from "../../text.js";
import { lookOf, nextCell, rowsOf } from "./run.js";

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export const Matrix = ({ cases, chosen, onChoose }) => {
  const rows = rowsOf(cases);
  const box = useRef(null);
  const wantsFocus = useRef(false);
  const inOrder = rows.flatMap((row) => row.cases);
  const entrance = inOrder.some(({ id }) => id === chosen) ? chosen : inOrder[0].id;
  useLayoutEffect(() => {
    if (wantsFocus.current) box.current.querySelector('[tabindex="0"]')?.focus();
    wantsFocus.current = false;
  }, [chosen]);
  const move = (key) => {
    const index = inOrder.findIndex(({ id }) => id === chosen);
    const next = index < 0 ? 0 : nextCell(rows.map((row) => row.cases.length), index, key);
    wantsFocus.current = true;
    onChoose(inOrder[next].id);
  };
  useKeys({ j: () => move("ArrowRight"), k: () => move("ArrowLeft") });
  const pressed = (event) => {
    if (!ARROWS.has(event.key)) return;
    event.preventDefault();
    move(event.key);
  };
  return html`
    <dl class="certify-matrix" ref=${box} onKeyDown=${pressed}>
      ${rows.map(
        ({ block, name, cases: inBlock }) => html`
          <div class="certify-row" key=${block}>
            <dt><strong><bdi>${short(block, 12)}</bdi></strong> <span class="certify-block-name">${name}</span></dt>
            <dd>${inBlock.map((testCase) => html`<${Cell} key=${testCase.id} testCase=${testCase} isChosen=${testCase.id === chosen} isEntrance=${testCase.id === entrance} onChoose=${onChoose} />`)}</dd>
          </div>
        `,
      )}
    </dl>
  `;
};

const Cell = ({ testCase, isChosen, isEntrance, onChoose }) => {
  const { id, title, known } = testCase;
  const { letter, label, kind } = lookOf(testCase);
  const choose = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // opens another tab
    event.preventDefault();
    onChoose(id);
  };
  return html`
    <a class=${`certify-letter ${kind} ${known === undefined ? "" : "known"}`} href=${hashOf(["certify"], { ...route.value.params, case: id })}
      aria-current=${isChosen ? "true" : undefined} tabindex=${isEntrance ? 0 : -1} title=${`${visible(id)}: ${visible(title)}`}
      aria-label=${`${visible(id)}, ${label}: ${visible(title)}`} onClick=${choose}>${letter}</a>
  `;
};
