// Attributes of a field whose content is selected with the focus, so that typing replaces it.

/** The first click selects all, as the Tab key does; another one sets the cursor. */
export const selectOnFocus = {
  onFocus: (event) => event.target.select(),
  onMouseDown: (event) => {
    if (document.activeElement === event.target) return;
    event.preventDefault();
    event.target.focus();
  },
};
