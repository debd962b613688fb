// Toasts leave after 8 s; the clock stops while the pointer or the focus is on one. Undo is a real form.
(() => {
  "use strict";

  const STAY = 8000;
  const toasts = document.getElementById("toasts");
  if (!toasts) return;

  function startClock(toast) {
    let left = STAY;
    let since = 0;
    let timer = 0;
    const run = () => {
      if (toast.matches(":hover") || toast.contains(document.activeElement)) return;
      since = performance.now();
      clearTimeout(timer);
      timer = setTimeout(() => dismiss(toast), left);
    };
    const hold = () => {
      clearTimeout(timer);
      if (since) left = Math.max(1500, left - (performance.now() - since));
    };
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", () => setTimeout(run));
    toast.addEventListener("focusout", () => setTimeout(run));
    run();
  }

  function dismiss(toast) {
    toast.classList.add("toast--leaving");
    const wait = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
    setTimeout(() => toast.remove(), wait);
  }

  new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node.nodeType === Node.ELEMENT_NODE && node.matches("[data-toast]")) startClock(node);
      }
    }
  }).observe(toasts, { childList: true });

  toasts.querySelectorAll("[data-toast]").forEach(startClock);

  // An act taken back: its toast has said what it had to say.
  document.addEventListener("htmx:afterRequest", (event) => {
    const toast = event.target.closest?.("[data-toast]");
    if (toast && event.detail.successful) dismiss(toast);
  });
})();
