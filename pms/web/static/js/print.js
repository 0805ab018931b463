// A button that prints the page: shown by the page, does what the browser's own menu does.

/** Serve `data-print`. */
export function startPrint() {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
}
