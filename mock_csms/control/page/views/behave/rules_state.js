// The rules of the server, fetched again while a view shows them, so that their counts are live.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { patch, post, put, remove, send } from "../../api.js";
import { onEntries } from "../../live.js";

const EVERY_MS = 2_000;
const AFTER_ENTRY_MS = 300; // many entries with a rule lead to one request

/** The rules in the order in which they are tried; null until they are known. */
export const rules = signal(null);

/** Why the rules could not be fetched. */
export const rulesProblem = signal("");

let fetched = "";
let lastRequest = 0;
let lastAnswered = 0;

export const refreshRules = async () => {
  const request = ++lastRequest;
  try {
    const text = await (await send("GET", "v1/rules")).text();
    if (!isNewest(request)) return;
    rulesProblem.value = "";
    if (text !== fetched) rules.value = JSON.parse(text); // otherwise, everything would be drawn again for nothing
    fetched = text;
  } catch (error) {
    // The frame of the page shows a lost connection.
    if (isNewest(request)) rulesProblem.value = error.status ? error.message : "";
  }
};

/** Whether no later request has been answered before: an answer that was overtaken would undo a change on the page. */
const isNewest = (request) => {
  if (request < lastAnswered) return false;
  lastAnswered = request;
  return true;
};

/** Keep the rules up to date while a component is drawn. */
export const useLiveRules = () => {
  useEffect(() => {
    let soon = 0;
    const hasRule = (entries) => {
      if (soon || !entries.some(({ rule }) => rule)) return;
      soon = setTimeout(() => ((soon = 0), refreshRules()), AFTER_ENTRY_MS);
    };
    const refresh = () => document.visibilityState === "visible" && refreshRules();
    refreshRules();
    const timer = setInterval(refresh, EVERY_MS);
    onEntries.push(hasRule);
    return () => {
      clearInterval(timer);
      clearTimeout(soon);
      onEntries.splice(onEntries.indexOf(hasRule), 1);
    };
  }, []);
};

const pathOf = (id) => `v1/rules/${encodeURIComponent(id)}`;
const inScope = (scope) => (scope ? { headers: { "X-Scope": scope } } : {});

const refreshed = async (request) => {
  const answer = await request;
  await refreshRules();
  return answer;
};

/** Add or replace a rule; one without an id gets one. A rule of a scope stays in it. */
export const saveRule = (rule, scope) => {
  const { id, ...others } = rule;
  return refreshed(id ? put(pathOf(id), others, inScope(scope)) : post("v1/rules", others, inScope(scope)));
};

/** An id that no rule has: `id` itself, or with a number behind it. */
export const freeId = (id) => {
  const isTaken = (text) => rules.value?.some((rule) => rule.id === text);
  let free = id;
  for (let number = 2; isTaken(free); number += 1) free = `${id}-${number}`;
  return free;
};

export const deleteRule = (id) => refreshed(remove(pathOf(id)));

export const deleteAllRules = async () => {
  for (const { id } of rules.value) await remove(pathOf(id));
};

export const enableRule = (id, enabled) => refreshed(patch(pathOf(id), { enabled }));
export { pathOf as rulePath };
