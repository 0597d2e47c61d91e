// Light, dark, or as the system; the choice is kept in the browser.

import { signal } from "@preact/signals";
import { keep, lasting } from "./storage.js";

const KEY = "theme";
const media = matchMedia("(prefers-color-scheme: dark)");

/** "light", "dark" or "" for the choice of the system. */
export const theme = signal(lasting.getItem(KEY) ?? "");

/** Whether the system prefers dark. */
export const systemIsDark = signal(media.matches);
media.addEventListener("change", () => {
  systemIsDark.value = media.matches;
});

export const isDark = () => (theme.value ? theme.value === "dark" : systemIsDark.value);

export const toggleTheme = () => {
  theme.value = isDark() ? "light" : "dark";
  keep(lasting, KEY, theme.value);
};

theme.subscribe((chosen) => {
  if (chosen) document.documentElement.dataset.theme = chosen;
});
