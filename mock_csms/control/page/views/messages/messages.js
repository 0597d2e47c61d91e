// The view "Messages": a timeline of all frames, or of those that pass the filters, and the details of one.

import { useRef, useState } from "preact/hooks";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { record, server } from "../../live.js";
import { ndjsonOf } from "../../messages/copy.js";
import { route, setParams } from "../../router.js";
import { Badge } from "../../components/badge.js";
import { CopyButton, saveText } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { useCursor } from "./cursor.js";
import { Details } from "./details.js";
import { useExcerpt } from "./excerpt.js";
import { useExpression } from "./expression.js";
import { knownStation, useMatching, usePause, useUnseen } from "./matching.js";
import { NoteDialog } from "./note_dialog.js";
import { countText, Timeline } from "./timeline.js";
import { Filters, isFiltered, NO_FILTERS } from "./toolbar.js";

export const MessagesView = () => {
  const { params } = route.value;
  const search = useExpression(params.expression ?? "");
  const list = useMatching(params, search);
  const pause = usePause(list);
  const cursor = useCursor();
  const excerpt = useExcerpt(cursor.isOpen ? cursor.number : null);
  const end = useEnd(cursor);
  const shown = excerpt?.entries.length ? { entries: excerpt.entries, dropped: 0 } : pause;
  const isFollowing = end.isFollowing && !pause.isPaused && shown === pause;
  const unseen = useUnseen(list, isFollowing);
  const [showsFilters, setShowsFilters] = useState(isFiltered(params));
  const [isNoting, setNoting] = useState(false);
  const indexOf = (number) => (shown === pause && !pause.isPaused ? list.indexOf(number) : shown.entries.findIndex((entry) => entry.number === number));
  const step = (rows) => {
    const { entries } = shown;
    const index = cursor.now() === null ? -1 : indexOf(cursor.now());
    const next = index < 0 ? entries.length - 1 : Math.max(0, Math.min(entries.length - 1, index + rows));
    if (entries.length) cursor.move(entries[next].number);
  };
  const resume = () => (pause.isPaused && pause.toggle(), cursor.close(), end.follow());
  const focusFilter = () => (setShowsFilters(true), requestAnimationFrame(() => document.getElementById("message-station").focus()));
  useKeys({
    "/": focusFilter,
    j: () => step(1),
    k: () => step(-1),
    Enter: () => cursor.now() !== null && cursor.open(cursor.now()),
    Escape: () => (cursor.close(), end.resume()),
    " ": pause.toggle,
  });
  const entry = useEntry(cursor.isOpen ? cursor.number : null, shown.entries);
  return html`
    <div class=${`view messages ${entry ? "with-details" : ""} ${showsFilters ? "with-filters" : ""}`}>
      <div class="view-head">
        <h1>Messages</h1>
        <span class="muted">${countText(shown.entries.length, record.entries.length)}</span>
        ${pause.isPaused && html`<${Badge} kind="warn" icon="pause">Paused<//>`}
        <span class="spacer"></span>
        <button type="button" class="message-filter-button" aria-expanded=${showsFilters} onClick=${() => setShowsFilters(!showsFilters)}><${Icon} name="filter" /> Filter</button>
        <button type="button" aria-pressed=${pause.isPaused} title="Space" onClick=${pause.toggle}>
          <${Icon} name=${pause.isPaused ? "play" : "pause"} /> ${pause.isPaused ? "Resume" : "Pause"}
        </button>
        <button type="button" onClick=${() => setNoting(true)}><${Icon} name="edit" /> <span>Write a note</span></button>
        <button type="button" disabled=${!shown.entries.length} title="The messages shown, as NDJSON" onClick=${() => saveText("messages.ndjson", ndjsonOf(shown.entries))}>
          <${Icon} name="download" /> <span>Export</span>
        </button>
      </div>
      <${Filters} params=${params} problem=${search?.error} isSearching=${isSearching(search)} />
      <${ExcerptBanner} excerpt=${excerpt} onLeave=${resume} />
      <div class="message-columns">
        ${shown.entries.length
          ? html`<${Timeline} ...${shown} listKey=${listKeyOf(params, shown !== pause)} cursor=${cursor} indexOf=${indexOf} station=${knownStation(params.station)}
              isFollowing=${isFollowing} onFollow=${(isAtEnd, isAsked) => (isAsked ? resume() : end.scrolled(isAtEnd))} onStep=${step} unseen=${unseen} />`
          : html`<${NothingToShow} isFiltered=${isFiltered(params)} isSearching=${isSearching(search)} />`}
        ${entry && html`<${Details} key=${entry.number} entry=${entry} entries=${shown.entries} onClose=${() => (cursor.close(), end.resume())} onJump=${cursor.jump} />`}
      </div>
      ${isNoting && html`<${NoteDialog} station=${knownStation(params.station)} onClose=${() => setNoting(false)} />`}
    </div>
  `;
};

const isSearching = (search) => Boolean(search && !search.error && search.upTo < Math.floor(record.entries.at(-1)?.number ?? 0) - 1_000);

const listKeyOf = (params, isExcerpt) => JSON.stringify([isExcerpt, ...Object.keys(NO_FILTERS).map((name) => params[name])]);

/** Whether the list follows its end. While details are open, only the user's wish makes it follow again. */
const useEnd = (cursor) => {
  const [isFollowing, setFollowing] = useState(!cursor.isOpen);
  const isAtEnd = useRef(!cursor.isOpen);
  const isStopped = useRef(false);
  const mayFollow = isFollowing && !cursor.isOpen;
  isStopped.current = cursor.isOpen;
  return {
    isFollowing: mayFollow,
    follow: () => setFollowing(true),
    resume: () => setFollowing(isAtEnd.current),
    scrolled: (atEnd) => {
      isAtEnd.current = atEnd;
      if (!isStopped.current) setFollowing(atEnd);
    },
  };
};

/** The entry with open details; it is kept while they are open, even if it is dropped from the record. */
const useEntry = (number, entries) => {
  const kept = useRef(null);
  if (number === null) kept.current = null;
  else if (kept.current?.number !== number) kept.current = record.entry(number) ?? entries.find((entry) => entry.number === number) ?? null;
  return kept.current;
};

const ExcerptBanner = ({ excerpt, onLeave }) => {
  if (!excerpt) return null;
  const text = excerpt.error || `Entries around ${excerpt.number}, from the journal of the server; newer messages are not shown.`;
  return html`<div class="message-banner" role="status"><span>${text}</span><button type="button" onClick=${onLeave}>Show the newest messages</button></div>`;
};

const NothingToShow = ({ isFiltered: hasFilter, isSearching: searches }) => {
  if (searches) return html`<${Empty} icon="search" title="Searching the journal" />`;
  if (hasFilter) {
    return html`
      <${Empty} icon="filter" title="No message passes the filter">
        <button type="button" onClick=${() => setParams(NO_FILTERS)}>Clear the filter</button>
      <//>
    `;
  }
  const command = `mock-csms station --to ${server.value?.stationUrls[0] ?? "ws://127.0.0.1:9000"}`;
  return html`
    <${Empty} icon="messages" title="No messages yet">
      <p>Connect your station, or start one in the box:</p>
      <p><code>${command}</code> <${CopyButton} text=${command} /></p>
    <//>
  `;
};
