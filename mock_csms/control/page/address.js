// Addresses within the page, such as "#/stations/CS1?tab=transactions", as data and back.

/** Parts and parameters of a hash; a part is percent-decoded. */
export const parseHash = (hash) => {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(decoded),
    params: Object.fromEntries(new URLSearchParams(query)),
  };
};

/** Hash of parts and parameters; empty and undefined parameters are left out. */
export const hashOf = (parts, params = {}) => {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== "" && value != null));
  const text = query.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
};

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
