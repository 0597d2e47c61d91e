// Markdown of descriptions as plain data: paragraphs, lists, code, emphasis and links. It makes no HTML.

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
const SAFE_LINK = /^(?:https?:\/\/|#|\/|[\w.-]+(?:\/|$))/;

/** Parts of a line: {kind: "text" | "code" | "strong" | "link", text, href?}. */
export const inlineParts = (text) => {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    const [whole, code, strong, label, href] = match;
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else if (SAFE_LINK.test(href)) parts.push({ kind: "link", text: label, href });
    else parts.push({ kind: "text", text: whole });
    end = match.index + whole.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
};

/** Blocks of a text: {kind: "paragraph", parts} | {kind: "list", items} | {kind: "pre", text}. */
export const blocks = (text) => {
  const found = [];
  let open = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      open = open?.kind === "pre" ? null : { kind: "pre", lines: [] };
      if (open) found.push(open);
    } else if (open?.kind === "pre") open.lines.push(line);
    else if (!line.trim()) open = null;
    else if (/^[-*] /.test(line)) {
      if (open?.kind !== "list") found.push(open = { kind: "list", items: [] });
      open.items.push([line.slice(2)]);
    } else if (open?.kind === "list") open.items.at(-1).push(line.trim());
    else {
      if (!open) found.push(open = { kind: "paragraph", lines: [] });
      open.lines.push(line.trim());
    }
  }
  return found.map(withParts);
};

const withParts = ({ kind, lines, items }) => {
  if (kind === "list") return { kind, items: items.map((item) => inlineParts(item.join(" "))) };
  return kind === "pre" ? { kind, text: lines.join("\n") } : { kind, parts: inlineParts(lines.join(" ")) };
};
