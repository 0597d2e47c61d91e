// Findings as texts for a bug report: the sentence, the requirement and the frames.

/** Findings in a report; earlier ones are left out. */
export const MAX_REPORTED = 10;

/** Markdown about findings of one kind; `entryOf(number)` returns a journal entry, or undefined. */
export const markdownOf = (findings, kind, entryOf) => {
  const [{ id, severity, section }] = findings;
  const parts = [`### ${id} (${severity})`, ""];
  if (kind) parts.push(`${sentenceCase(kind.description)}.`, "");
  parts.push(`Requirement: ${section}`, "");
  for (const finding of findings.slice(-MAX_REPORTED)) parts.push(...markdownFinding(finding, entryOf));
  if (findings.length > MAX_REPORTED) parts.push(omitted(findings));
  return `${parts.join("\n").trimEnd()}\n`;
};

const markdownFinding = ({ time, station, sentence, frames }, entryOf) => {
  const lines = [`- ${time}, station ${inlineCode(station)}: ${escaped(sentence)}`, ""];
  for (const frame of frames) lines.push(...fenced(frame, entryOf(frame)), "");
  return lines;
};

const fenced = (number, entry) => {
  if (!entry) return [`  Frame ${number} is no longer stored.`];
  const text = frameText(entry);
  const fence = fenceFor(text);
  return [`  Frame ${number}, ${directionOf(entry)}:`, "", ...[`${fence}json`, ...text.split("\n"), fence].map((line) => `  ${line}`)];
};

/** A text about findings of one kind, without markup. */
export const textOf = (findings, kind, entryOf) => {
  const [{ id, severity, section }] = findings;
  const lines = [`${id} (${severity}), ${section}`];
  if (kind) lines.push(`${sentenceCase(kind.description)}.`);
  for (const { time, station, sentence, frames } of findings.slice(-MAX_REPORTED)) {
    lines.push("", `${time}  ${station}`, sentence);
    for (const frame of frames) {
      const entry = entryOf(frame);
      lines.push(entry ? `frame ${frame}, ${directionOf(entry)}: ${entry.text ?? JSON.stringify(entry.frame)}` : `frame ${frame} is no longer stored`);
    }
  }
  if (findings.length > MAX_REPORTED) lines.push("", omitted(findings));
  return `${lines.join("\n")}\n`;
};

const omitted = (findings) => `${findings.length - MAX_REPORTED} earlier findings of this kind are left out.`;

const directionOf = ({ direction, type, action }) => {
  const message = [action, type === "call" ? "" : type].filter(Boolean).join(" ");
  const way = direction === "sent" ? "to the station" : "from the station";
  return message ? `${message} ${way}` : way;
};

const frameText = (entry) => entry.text ?? JSON.stringify(entry.frame ?? entry, null, 2);

/** A fence that does not occur in the text. */
const fenceFor = (text) => "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));

const inlineCode = (text) => {
  const fence = "`".repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${text} ${fence}` : `\`${text}\``;
};

const escaped = (text) => text.replace(/[\\`*_[\]<>#|]/g, "\\$&");

/** The text with a capital letter, unless it begins with one. */
export const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);
