// The page: shows the groups and operations of openapi.json, and sends requests. All texts are set as text, never as HTML.

import { blocks, inlineParts } from "./markdown.js";
import { missingOf, pretty, requestOf, splitEvents } from "./request.js";
import { examplesOf, fieldsOf, groupsOf, innerNames, matches, resolved, typeName } from "./schema.js";

const MAX_EVENTS = 200;
const MAX_SHOWN = 200_000;
const TOKEN = "control-token";
const THEME = "theme";

const byId = (id) => document.getElementById(id);
const element = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
};

// Texts

const inline = ({ kind, text, href }) => {
  if (kind === "code") return element("code", {}, text);
  if (kind === "strong") return element("strong", {}, text);
  if (kind === "link") return element("a", { href, rel: "noreferrer" }, text);
  return document.createTextNode(text);
};
const markdown = (text) => {
  const parts = blocks(text ?? "").map((block) => {
    if (block.kind === "pre") return element("pre", {}, block.text);
    if (block.kind === "list") return element("ul", {}, ...block.items.map((item) => element("li", {}, ...item.map(inline))));
    return element("p", {}, ...block.parts.map(inline));
  });
  return element("div", { className: "markdown" }, ...parts);
};

// Schemas

const modelDetails = (openapi, name, seen) => {
  const body = element("div");
  const details = element("details", {}, element("summary", { className: "type" }, name), body);
  details.addEventListener("toggle", () => {
    if (!body.childElementCount) body.append(schemaView(openapi, openapi.components.schemas[name], [...seen, name]));
  });
  return details;
};
const innerModels = (openapi, schema, seen) =>
  innerNames(schema).filter((name) => !seen.includes(name)).map((name) => modelDetails(openapi, name, seen));
const fieldItem = (openapi, field, seen) =>
  element("li", {},
    element("code", { className: "name" }, field.name), " ",
    element("span", { className: "type" }, `${field.type}${field.isRequired ? "" : ", optional"}${field.bounds ? `, ${field.bounds}` : ""}`), " ",
    markdown(field.description),
    ...innerModels(openapi, field.schema, seen));
const schemaView = (openapi, schema, seen = []) => {
  const whole = resolved(openapi, schema);
  const fields = fieldsOf(openapi, schema);
  return element("div", {},
    markdown(whole.description),
    fields.length ? element("ul", { className: "fields" }, ...fields.map((field) => fieldItem(openapi, field, seen))) : null,
    fields.length || whole.additionalProperties === true ? null : element("span", { className: "type" }, typeName(whole)),
    ...(fields.length ? [] : innerModels(openapi, whole, seen)));
};

// Answers

const answerView = (openapi, [status, response]) => {
  const parts = Object.entries(response.content ?? {}).flatMap(([mediaType, content]) => {
    const examples = examplesOf(openapi, content).map(({ name, value }) =>
      element("details", {}, element("summary", {}, value?.detail ? `${name}: ${value.detail}` : name), element("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2))));
    return [element("p", { className: "note" }, mediaType), content.schema ? schemaView(openapi, content.schema) : null, ...examples];
  });
  const summary = element("summary", {}, statusText(status), " ", ...inlineParts(response.description).map(inline));
  return element("details", {}, summary, ...parts);
};
const statusText = (status) =>
  element("span", { className: `status ${Number(status) < 400 ? "good" : "bad"}` }, String(status));

// Forms

const parameterField = (operation, parameter) => {
  const { name, in: location, schema, required, description } = parameter;
  const id = `${operation.operationId}-${location}-${name}`;
  const choices = schema.enum ?? schema.anyOf?.find((one) => one.enum)?.enum ?? (schema.type === "boolean" ? [true, false] : null);
  const input = choices
    ? element("select", { id }, element("option", { value: "" }, ""), ...choices.map((choice) => element("option", {}, String(choice))))
    : element("input", { id, autocomplete: "off", required: Boolean(required), ...(name.startsWith("station") ? { list: "stations" } : {}) });
  const label = element("label", { htmlFor: id }, element("code", { className: "name" }, name), element("span", { className: "note" }, ` ${location}${required ? ", required" : ""}`));
  return { key: `${location} ${name}`, input, row: element("div", { className: "parameter" }, label, input, markdown(description)) };
};

const bodyField = (openapi, operation) => {
  const contents = Object.entries(operation.requestBody?.content ?? {});
  const [mediaType, content] = contents.find(([type]) => !type.startsWith("multipart/")) ?? [];
  if (!mediaType) return null;
  const id = `${operation.operationId}-body`;
  const label = element("label", { htmlFor: id }, `Body (${mediaType})`);
  if (mediaType !== "application/json") {
    const file = element("input", { id, type: "file" });
    return { mediaType, read: () => file.files[0] ?? new Blob(), parts: [label, file] };
  }
  const examples = examplesOf(openapi, content);
  const text = element("textarea", { id, spellcheck: false, value: JSON.stringify(examples[0]?.value ?? {}, null, 2) });
  text.rows = Math.min(text.value.split("\n").length + 1, 16);
  const choice = examples.length > 1
    ? element("select", { ariaLabel: "Example", onchange: () => { text.value = JSON.stringify(examples[choice.selectedIndex].value, null, 2); } },
      ...examples.map(({ name }) => element("option", {}, name)))
    : null;
  const fields = element("details", {}, element("summary", {}, "Fields of the body"), schemaView(openapi, content.schema));
  return { mediaType, read: () => text.value, parts: [label, " ", choice, text, fields] };
};

const authorization = () => (byId("token").value ? { Authorization: `Bearer ${byId("token").value}` } : {});

const showBody = async (answer, output) => {
  const mediaType = answer.headers.get("content-type") ?? "";
  if (/json|text|xml/.test(mediaType)) {
    const text = pretty(await answer.text());
    output.textContent = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}\n… ${text.length - MAX_SHOWN} more characters` : text;
    return;
  }
  const blob = await answer.blob();
  if (!blob.size) return;
  const link = element("a", { href: URL.createObjectURL(blob), download: "answer" }, `save ${blob.size} bytes of ${mediaType || "unknown type"}`);
  output.replaceChildren(link);
};

const showEvents = async (answer, output, count) => {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let number = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const split = splitEvents(rest + value);
    rest = split.rest;
    for (const { event, id, data } of split.events) {
      number += event === "comment" ? 0 : 1;
      output.append(element("div", {}, `${event}${id && ` ${id}`}  ${data}`));
      if (output.childElementCount > MAX_EVENTS) output.firstElementChild.remove();
    }
    count(number);
    output.scrollTop = output.scrollHeight;
  }
};

const requestForm = (openapi, operation) => {
  const parameters = operation.parameters ?? [];
  const fields = parameters.map((parameter) => parameterField(operation, parameter));
  const body = bodyField(openapi, operation);
  const isStream = Object.values(operation.responses).some(({ content }) => content?.["text/event-stream"]);
  const state = element("span", { role: "status" });
  const output = element("pre", { hidden: true, tabIndex: 0, ariaLabel: "Answer" });
  const send = element("button", { className: "send", type: "submit" }, isStream ? "Start" : "Send");
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map(({ key, input }) => [key, input.value]));
    const missing = missingOf(parameters, values);
    if (missing.length) {
      state.textContent = `enter ${missing.join(", ")} first`;
      return;
    }
    const { url, headers } = requestOf(operation.path, parameters, values);
    const controller = new AbortController();
    stop.onclick = () => controller.abort();
    stop.hidden = false;
    send.disabled = true;
    output.hidden = true;
    output.replaceChildren();
    state.textContent = "waiting for the answer …";
    const start = performance.now();
    const seconds = () => `${((performance.now() - start) / 1000).toFixed(3)} s`;
    try {
      const sent = { ...headers, ...authorization(), ...(body ? { "Content-Type": body.mediaType } : {}) };
      const answer = await fetch(url, { method: operation.method.toUpperCase(), headers: sent, body: body?.read(), signal: controller.signal });
      const shown = (text) => state.replaceChildren(statusText(answer.status), ` ${answer.statusText}, ${text}`);
      shown(seconds());
      output.hidden = answer.status === 204;
      if (answer.ok && isStream) {
        await showEvents(answer, output, (number) => shown(`${number} events, ${seconds()}`));
      } else await showBody(answer, output);
    } catch (error) {
      state.append(error.name === "AbortError" ? " stopped" : ` no answer: ${error.message}`);
    } finally {
      stop.hidden = true;
      send.disabled = false;
    }
  };
  return element("form", { onsubmit: submit, noValidate: true },
    fields.length ? element("h3", {}, "Parameters") : null,
    ...fields.map(({ row }) => row),
    body ? element("h3", {}, "Request") : null,
    ...(body ? body.parts.filter((part) => part !== null) : []),
    element("div", { className: "buttons" }, send, stop, state),
    output);
};

// Operations

const operationView = (openapi, operation) => {
  const body = element("div");
  const view = element("details", { className: "operation", id: operation.operationId },
    element("summary", {},
      element("span", { className: `method ${operation.method}` }, operation.method.toUpperCase()),
      element("span", { className: "path" }, operation.path),
      element("span", { className: "summary" }, ...inlineParts(operation.summary).map(inline))),
    body);
  view.addEventListener("toggle", () => {
    if (!view.open || body.childElementCount) return;
    body.append(
      markdown(operation.description),
      requestForm(openapi, operation),
      element("h3", {}, "Answers"),
      element("div", { className: "answers" }, ...Object.entries(operation.responses).map((entry) => answerView(openapi, entry))));
    listStations();
  });
  return view;
};

const groupView = (openapi, group) =>
  element("section", { ariaLabel: group.name },
    element("h2", {}, group.name), markdown(group.description),
    ...group.operations.map((operation) => operationView(openapi, operation)));

const groupLinks = (group) => [
  element("h2", {}, group.name),
  element("ul", {}, ...group.operations.map((operation) =>
    element("li", {}, element("a", { href: `#${operation.operationId}` }, ...inlineParts(operation.summary).map(inline))))),
];

/** Fill the list of identities that the fields for stations suggest. */
const listStations = async () => {
  const answer = await fetch("v1/stations", { headers: authorization() }).catch(() => null);
  if (!answer?.ok) return;
  const stations = await answer.json();
  byId("stations").replaceChildren(...stations.slice(0, 200).map(({ id }) => element("option", { value: id })));
};

const showOperations = async () => {
  const main = byId("operations");
  const answer = await fetch("openapi.json", { headers: authorization() }).catch((error) => ({ ok: false, status: error.message }));
  if (!answer.ok) {
    main.replaceChildren(element("p", { role: "status" }, answer.status === 401 ? "Enter the token of --control-token above." : `openapi.json: ${answer.status}`));
    return;
  }
  const openapi = await answer.json();
  const groups = groupsOf(openapi);
  byId("version").textContent = openapi.info.version;
  main.replaceChildren(
    markdown(openapi.info.description),
    element("p", {}, "The same as an OpenAPI document: ", element("a", { href: "openapi.json" }, "openapi.json")),
    element("p", { id: "nothing", role: "status", hidden: true }, "No operation matches the search."),
    ...groups.map((group) => groupView(openapi, group)));
  byId("links").replaceChildren(...groups.flatMap(groupLinks));
  byId("search").oninput = () => filter(groups);
  filter(groups);
  openLinked();
};

const filter = (groups) => {
  const words = byId("search").value.trim();
  let found = 0;
  for (const { operations } of groups) {
    for (const operation of operations) {
      const isFound = !words || matches(operation, words);
      found += isFound;
      byId(operation.operationId).hidden = !isFound;
      document.querySelector(`#links a[href="#${operation.operationId}"]`).parentElement.hidden = !isFound;
    }
  }
  for (const section of document.querySelectorAll("main section")) section.hidden = isEmpty(section, ".operation");
  for (const list of document.querySelectorAll("#links ul")) {
    list.hidden = list.previousElementSibling.hidden = isEmpty(list, "li");
  }
  byId("nothing").hidden = found > 0;
};

const isEmpty = (list, selector) => [...list.querySelectorAll(selector)].every((item) => item.hidden);

const openLinked = () => {
  const view = byId(decodeURIComponent(location.hash.slice(1)));
  if (!view?.matches(".operation")) return;
  view.open = true;
  view.scrollIntoView();
  view.querySelector("summary").focus({ preventScroll: true });
};

// The head of the page

const useTheme = (theme) => {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
};
const onSlash = (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
  event.preventDefault();
  byId("search").focus();
};

byId("token").value = sessionStorage.getItem(TOKEN) ?? "";
byId("token").addEventListener("change", () => {
  sessionStorage.setItem(TOKEN, byId("token").value);
  showOperations();
});
byId("theme").value = localStorage.getItem(THEME) ?? "";
useTheme(byId("theme").value);
byId("theme").addEventListener("change", () => {
  localStorage.setItem(THEME, byId("theme").value);
  useTheme(byId("theme").value);
});
const isWide = matchMedia("(min-width: 52rem)");
const showContents = () => { byId("contents").open = isWide.matches; };
isWide.addEventListener("change", showContents);
showContents();
addEventListener("hashchange", openLinked);
addEventListener("keydown", onSlash);
showOperations();
