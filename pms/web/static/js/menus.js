// The menu of the bar closes by Esc and by a click elsewhere.

/** Serve details.menu. */
export function startMenus() {
  for (const menu of document.querySelectorAll("details.menu")) {
    document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    });
  }
}
