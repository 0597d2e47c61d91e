// Server-sent events (HTML standard, section 9.2) from pieces of text.

/** Parser: `push(text)` returns the events that are complete, each as {id, event, data}; comments have event "". */
export class EventParser {
  #rest = "";

  push(text) {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop();
    return blocks.map(eventOf);
  }
}

const eventOf = (block) => {
  const event = { id: "", event: "", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (name === "data" && event.data) event.data += `\n${value}`;
    else if (name in event) event[name] = value;
  }
  return event;
};
