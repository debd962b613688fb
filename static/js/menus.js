// <details data-menu>: one open at a time, closed by Escape, by a click elsewhere, walked with the arrows.
// <button data-opens="id" aria-expanded aria-controls="id">: opens a panel in place; a group of them shares one place.
(() => {
  "use strict";

  const openMenus = () => document.querySelectorAll("details[data-menu][open]");

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details[data-menu]") || !menu.open) return;
    openMenus().forEach((other) => {
      if (other !== menu && !other.contains(menu)) other.open = false;
    });
    keepInside(menu);
  }, true);

  // A menu that would leave the window hangs from its button's other end.
  function keepInside(menu) {
    delete menu.dataset.flip;
    const box = menu.querySelector(":scope > .menu")?.getBoundingClientRect();
    if (box && box.right > document.documentElement.clientWidth) menu.dataset.flip = "end";
    else if (box && box.left < 0) menu.dataset.flip = "start";
  }

  document.addEventListener("click", (event) => {
    openMenus().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const opener = event.target.closest("[data-opens]");
    if (opener) togglePanel(opener);
  });

  function togglePanel(opener) {
    const panel = document.getElementById(opener.dataset.opens);
    if (!panel) return;
    const opening = panel.hidden;
    const group = opener.closest("[data-panels]") || document;
    group.querySelectorAll("[data-opens][aria-expanded='true']").forEach((other) => setPanel(other, false));
    setPanel(opener, opening);
    if (opening && opener.offsetParent !== null) {
      const first = panel.querySelector("[data-panel-focus], button, a, input:not([type=hidden])");
      if (first) first.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "nearest" });
    }
  }

  function setPanel(opener, open) {
    opener.setAttribute("aria-expanded", String(open));
    const panel = document.getElementById(opener.dataset.opens);
    if (panel) panel.hidden = !open;
  }

  // A choice that swaps its list closes its menu: the focus stays on the menu's button.
  let chosenFrom = "";
  document.addEventListener("htmx:beforeSwap", () => {
    chosenFrom = document.activeElement?.closest("details[data-menu]")?.querySelector("summary")?.id || "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (chosenFrom && lost) document.getElementById(chosenFrom)?.focus({ preventScroll: true });
    chosenFrom = "";
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]");
    if (event.key === "Escape") {
      const panel = event.target.closest?.("[data-panel]:not([hidden])");
      if (panel) {
        const opener = document.querySelector(`[data-opens="${panel.id}"]`);
        if (opener) { setPanel(opener, false); opener.focus(); }
        event.stopPropagation();
        event.preventDefault();
        return;
      }
      const last = menu || [...openMenus()].pop();
      if (last) {
        last.open = false;
        last.querySelector("summary").focus();
        event.stopPropagation();
      }
      return;
    }
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input[type=radio], select")) return;
    const stops = [...menu.querySelectorAll("a[href], button, input")].filter((stop) => stop.offsetParent !== null);
    if (!stops.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = stops.indexOf(document.activeElement);
    stops[(at + step + stops.length) % stops.length].focus();
    event.preventDefault();
  });
})();
