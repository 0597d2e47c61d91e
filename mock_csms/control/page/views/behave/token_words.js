// Tokens in words, and in the fields of a form.

import { visible } from "../../text.js";

export const TOKEN_STATUSES = [
  "Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid", "NoCredit", "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime", "Unknown",
];
export const TOKEN_TYPES = ["Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"];
export const CERTIFICATE_STATUSES = [
  "Accepted", "SignatureError", "CertificateExpired", "CertificateRevoked", "NoCertificateAvailable", "CertChainError", "ContractCancelled",
];

/** The status of a token; Accepted if it has none. */
export const statusOf = (token) => token.status ?? "Accepted";

/** Kind of the badge of a status. */
export const kindOf = (status) => {
  if (status === "Accepted") return "good";
  return status.startsWith("Not") || status === "ConcurrentTx" || status === "NoCredit" ? "warn" : "bad";
};

/** What a token has besides its status, as short texts. */
export const tokenFacts = (token) => [
  token.type && `only as ${token.type}`,
  token.groupIdToken && `group ${visible(token.groupIdToken)}`,
  token.cacheExpiry != null && expiryText(token.cacheExpiry),
  token.evseId?.length && `EVSE ${token.evseId.join(", ")} only`,
  token.personalMessage && `message “${visible(token.personalMessage)}”`,
  token.language && `language ${visible(token.language)}`,
  token.certificateStatus && `certificate: ${token.certificateStatus}`,
].filter(Boolean);

const expiryText = (expiry) =>
  typeof expiry === "number" ? `cached for ${expiry} s after each answer` : `cached until ${visible(expiry)}`;

/** Tokens that have a text in their idToken or their words, as [idToken, token], in the order of the idTokens. */
export const searchedTokens = (tokens, text) => {
  const wanted = text.trim().toLowerCase();
  const words = ([name, token]) => [name, statusOf(token), ...tokenFacts(token)].join(" ").toLowerCase();
  return Object.entries(tokens).filter((row) => words(row).includes(wanted)).sort(([one], [other]) => compare(one, other));
};

const compare = new Intl.Collator("en", { numeric: true }).compare;

/** Numbers of EVSEs in a text, such as "1, 2"; what is not a number stays text, which the server refuses. */
export const evsesIn = (text) => {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  return parts.length ? parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : undefined;
};

const MAX_SEEN = 50;

/** The idTokens that stations have presented, the newest first; masked ones are left out. */
export const seenTokens = (entries) => {
  const seen = new Set();
  for (let index = entries.length - 1; index >= 0 && seen.size < MAX_SEEN; index -= 1) {
    const { type, direction, frame } = entries[index];
    const idToken = type === "call" && direction === "received" ? frame?.[3]?.idToken?.idToken : undefined;
    if (typeof idToken === "string" && idToken && idToken !== "***") seen.add(idToken);
  }
  return [...seen];
};
