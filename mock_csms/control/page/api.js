// Requests to the control API: JSON bodies, problem details as errors, and the token.

import { signal } from "@preact/signals";
import { keep, untilClosed } from "./storage.js";

const BASE = new URL("../", document.baseURI);
const TOKEN_KEY = "control-token";

/** The control token as `{text}`; another object whenever a token has been entered. It is never part of a URL. */
export const token = signal({ text: untilClosed.getItem(TOKEN_KEY) ?? "" });

/** Whether the server has refused the token, or the lack of one. */
export const needsToken = signal(false);

/** Use a token, which is kept until the tab is closed once the server has accepted it. */
export const useToken = (text) => {
  needsToken.value = false;
  token.value = { text };
};

/** A request that the server has refused; `message` is its `detail`, `body` the whole problem (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? `the server answered with status ${status}`);
    this.name = "Problem";
    this.status = status;
    this.kind = (body.type ?? "").split(":").pop();
    this.body = body;
  }
}

/** A request without an answer, or with a part of one only. */
export class Unreachable extends Error {
  constructor(cause) {
    super("the server cannot be reached", { cause });
    this.name = "Unreachable";
  }
}

/** Ignore an error that a request may end with; any other one is a mistake in the page, and thrown. */
export const ignoreFailedRequest = (error) => {
  if (!isFailedRequest(error)) throw error;
};

/** Whether an error is that of a request which was refused, unanswered or aborted. */
export const isFailedRequest = (error) =>
  error instanceof Problem || error instanceof Unreachable || error.name === "AbortError";

/** URL of a path of the API, such as "v1/stations". */
export const urlOf = (path, params = {}) => {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(params)) {
    if (value !== "" && value != null) url.searchParams.set(name, value);
  }
  return url;
};

/** The result of a part of a request, whose failure reads the same in each browser. */
export const reached = async (part) => {
  try {
    return await part;
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable(error);
  }
};

/** Send a request and return its Response; throws Problem, Unreachable, or an AbortError. */
export const send = async (method, path, { params, body, headers = {}, signal: abort } = {}) => {
  const used = token.value;
  const options = {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...headers, ...(used.text && { Authorization: `Bearer ${used.text}` }) },
    signal: abort,
    cache: "no-store",
  };
  const response = await reached(fetch(urlOf(path, params), options));
  if (response.ok) {
    if (used.text && used.text !== untilClosed.getItem(TOKEN_KEY)) keep(untilClosed, TOKEN_KEY, used.text);
    return response;
  }
  if (response.status === 401 && used === token.value) needsToken.value = true;
  throw new Problem(response.status, await response.json().catch(() => ({})));
};

const json = async (method, path, options) => {
  const response = await send(method, path, options);
  return response.status === 204 ? null : reached(response.json());
};

export const get = (path, params, options) => json("GET", path, { ...options, params });
export const post = (path, body, options) => json("POST", path, { ...options, body });
export const put = (path, body, options) => json("PUT", path, { ...options, body });
export const patch = (path, body, options) => json("PATCH", path, { ...options, body });
export const remove = (path, params) => json("DELETE", path, { params });

/** Path of a station in the API; throws Problem for . and .., which a browser removes from every path. */
export const stationPath = (id, rest = "") => {
  if (id === "." || id === "..") {
    const detail = `a browser cannot name the station ${id} in a path; use the control API with curl --path-as-is`;
    throw new Problem(0, { detail });
  }
  return `v1/stations/${encodeURIComponent(id)}${rest}`;
};
