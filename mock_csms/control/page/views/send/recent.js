// The commands that were sent last, kept in the browser without secrets.

const MAX_RECENT = 30;
const SECRET_NAMES = /^(apnpassword|authorizationkey|basicauthpassword|password|simpin|apnsimpin|vpn|vpnkey|vpnpassword|wifipassword)$/i;
const SECRET_TEXTS = /keycode|private key|password|authorizationkey|sim_?pin|vpnkey|:\/\/[^/\s]*@/i;

/**
 * Whether a payload may have a secret: a password, a private key, or an idToken of the type KeyCode. When in doubt, it
 * has one, because browsers keep the list unencrypted.
 */
export const hasSecret = (value) => {
  if (typeof value === "string") return SECRET_TEXTS.test(value);
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([name, part]) => (SECRET_NAMES.test(name.trim()) && part !== null) || hasSecret(part));
};

/** The list with a command at its top: {action, targets, options, payload?, time}; the same command is kept once. */
export const remembered = (recent, command) =>
  [command, ...recent.filter((known) => sameKey(known) !== sameKey(command))].slice(0, MAX_RECENT);

const sameKey = ({ action, targets, options, payload }) => JSON.stringify([action, targets, options, payload]);

/** The list in a stored text; what is not one is empty. */
export const recalled = (text) => {
  try {
    const list = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isCommand).slice(0, MAX_RECENT) : [];
  } catch {
    return [];
  }
};

const isCommand = (item) =>
  typeof item?.action === "string" && Array.isArray(item.targets) && typeof item.options === "object" && item.options !== null;
