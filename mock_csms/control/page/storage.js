// What the page keeps in the browser; where the browser allows no storage, it is kept until the page is closed.

const inMemory = () => {
  const values = new Map();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
};

const storageOf = (name) => {
  try {
    globalThis[name].getItem("");
    return globalThis[name];
  } catch {
    return inMemory();
  }
};

/** Kept for the next time. */
export const lasting = storageOf("localStorage");

/** Kept until the tab is closed. */
export const untilClosed = storageOf("sessionStorage");

/** Keep a value if there is room for it. */
export const keep = (storage, key, value) => {
  try {
    storage.setItem(key, value);
  } catch {
    // The storage is full: what is kept is a convenience.
  }
};
