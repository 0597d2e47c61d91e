// Requests made from the forms of the page, and their answers as text.

/** URL and headers of a request; `values` are the texts of the fields, by "location name". */
export const requestOf = (path, parameters, values) => {
  let url = path.slice(1);
  const query = new URLSearchParams();
  const headers = {};
  for (const { name, in: location } of parameters) {
    const value = values[`${location} ${name}`] ?? "";
    if (location === "path") url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "" && location === "query") query.set(name, value);
    else if (value !== "" && location === "header") headers[name] = value;
  }
  const text = query.toString();
  return { url: text ? `${url}?${text}` : url, headers };
};

/** Names of required parameters without a value. */
export const missingOf = (parameters, values) =>
  parameters.filter(({ name, in: location, required }) => required && !values[`${location} ${name}`]).map(({ name }) => name);

/** Text of a body: JSON is indented, other text unchanged. */
export const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** Split a buffer of server-sent events: {events: [{id, event, data}], rest}. */
export const splitEvents = (buffer) => {
  const parts = buffer.split("\n\n");
  const rest = parts.pop();
  const events = parts.map((part) => {
    const event = { id: "", event: "comment", data: "" };
    for (const line of part.split("\n")) {
      const [name, ...value] = line.split(": ");
      if (name in event) event[name] = value.join(": ");
      else if (name === "") event.data = value.join(": ");
    }
    return event;
  });
  return { events, rest };
};
