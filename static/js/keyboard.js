// Shortcuts, declared in the page and nowhere else:
//   <ol data-key-list id="…">      a list walked with J, K and the arrows (roving tabindex)
//   <li data-key-item tabindex>    its rows; the one in hand carries data-current
//   data-key="e"                   what E does: a click on this element (current row first, then the page)
//   data-key-panel                 an open panel: digits belong to it
//   data-key-go="t"                a link reached by G, then T
//   data-key-focus="f"             a field or menu that F moves to
// Letters and digits act only outside fields and are off under <html data-single-keys="off"> (WCAG 2.1.4).
(() => {
  "use strict";

  const FIELD = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";
  const singleKeys = () => document.documentElement.dataset.singleKeys !== "off";
  const visible = (element) => element.offsetParent !== null || element.getClientRects().length > 0;
  let goUntil = 0;

  const itemsOf = (list) => [...list.querySelectorAll("[data-key-item]")];
  const currentOf = (list) => list.querySelector("[data-key-item][data-current]") || list.querySelector("[data-key-item]");
  const theList = () => [...document.querySelectorAll("[data-key-list]")].find(visible);

  const openPanel = () => [...document.querySelectorAll("[data-key-panel]:not([hidden])")].find(visible);

  function makeCurrent(item, { focus = true } = {}) {
    const list = item.closest("[data-key-list]");
    for (const other of itemsOf(list)) {
      if (other !== item) other.querySelectorAll("[data-opens][aria-expanded=true]").forEach((opener) => opener.click());
      other.toggleAttribute("data-current", other === item);
      other.tabIndex = other === item ? 0 : -1;
    }
    if (focus) {
      item.focus({ preventScroll: true });
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      item.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
    item.dispatchEvent(new CustomEvent("phano:current", { bubbles: true }));
  }

  function step(list, by) {
    const items = itemsOf(list);
    if (!items.length) return;
    const at = items.indexOf(currentOf(list));
    const inside = list.contains(document.activeElement);
    makeCurrent(items[inside ? Math.min(items.length - 1, Math.max(0, at + by)) : Math.max(at, 0)]);
  }

  function targetFor(key) {
    const selector = `[data-key="${CSS.escape(key)}"]`;
    const list = theList();
    const panel = openPanel();
    for (const scope of [panel, list && currentOf(list), document]) {
      if (!scope) continue;
      const found = [...scope.querySelectorAll(selector)].filter((element) => {
        // A key of another row is not a key of the page.
        if (scope === document && element.closest("[data-key-item]")) return false;
        return visible(element) && !element.disabled;
      });
      if (found.length) return found[found.length - 1];
      if (scope === panel && /^[1-9]$/.test(key)) return null;
    }
    return null;
  }

  function onKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const focus = event.target;
    if (focus.closest?.(FIELD)) {
      if (event.key === "Escape" && focus.closest("[data-key-item]")) backToRow(focus);
      return;
    }
    const list = theList();
    const item = focus.closest?.("[data-key-item]");

    if (event.key === "Escape") {
      if (item && focus !== item) backToRow(focus);
      return;
    }
    if (list && item === focus && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      step(list, event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    if (event.key === "Enter") {
      if (item !== focus || !item) return;
      const open = item.querySelector('[data-key="Enter"]');
      if (open) { event.preventDefault(); open.click(); }
      return;
    }
    if (event.key.length !== 1 || !singleKeys()) return;
    const key = event.key.toLowerCase();

    if (goUntil > performance.now()) {
      goUntil = 0;
      const link = document.querySelector(`[data-key-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    if (key === "g") { goUntil = performance.now() + 1200; return; }
    if (key === "j" || key === "k") {
      if (list) { event.preventDefault(); step(list, key === "j" ? 1 : -1); }
      return;
    }
    if (key === "?") {
      const dialog = document.querySelector("dialog[data-shortcuts]");
      if (dialog) { event.preventDefault(); dialog.showModal(); }
      return;
    }
    const stop = [...document.querySelectorAll(`[data-key-focus="${CSS.escape(key)}"]`)].find(visible);
    if (stop) { event.preventDefault(); stop.focus(); return; }
    const target = targetFor(key);
    if (target) { event.preventDefault(); target.click(); }
  }

  function backToRow(from) {
    const item = from.closest("[data-key-item]");
    if (item) item.focus();
  }

  document.addEventListener("keydown", onKey);

  // A click anywhere on a closed row takes it in hand; its links and buttons keep their own meaning.
  document.addEventListener("click", (event) => {
    const item = event.target.closest("[data-key-item]");
    if (!item || item.hasAttribute("data-current")) return;
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      // The panel it opens is shown on the row in hand only.
      makeCurrent(item, { focus: false });
      setTimeout(() => document.getElementById(opener.dataset.opens)?.querySelector("button, input")?.focus());
      return;
    }
    if (event.target.closest("a, button, input, label, summary")) return;
    if (String(getSelection()).length === 0) makeCurrent(item);
  });
  document.addEventListener("focusin", (event) => {
    const item = event.target.closest?.("[data-key-item]");
    if (item === event.target && !item.hasAttribute("data-current")) makeCurrent(item, { focus: false });
  });

  // After an act the row is gone: the focus goes to the row that took its place. Watched in the document itself,
  // since an answer without content ends without htmx's settle event.
  let held = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const list = theList();
    const row = list && currentOf(list);
    if (row) held = { row, list: list.id, at: itemsOf(list).indexOf(row), focused: list.contains(document.activeElement) };
  });
  new MutationObserver(() => {
    if (!held || held.row.isConnected) return;
    const was = held;
    held = null;
    const lost = !document.activeElement || document.activeElement === document.body;
    const list = document.getElementById(was.list);
    const items = list ? itemsOf(list) : [];
    const next = items.find((item) => item.id && item.id === was.row.id) || items[Math.min(was.at, items.length - 1)];
    if (next) makeCurrent(next, { focus: was.focused && lost });
    else if (was.focused && lost) document.getElementById("main")?.focus();
  }).observe(document.body, { childList: true, subtree: true });
})();
