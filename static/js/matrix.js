// The matrix's links live inside an SVG, which htmx does not boost: a click swaps the part, the address stays true.
// Pointer and focus show a preview; it says what the link's label says, so it is hidden from assistive technology.
(() => {
  "use strict";

  const part = () => document.getElementById("matrix-part");

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("svg a[data-take]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.htmx) return;
    event.preventDefault();
    hide();
    const url = link.getAttribute("href");
    window.htmx
      .ajax("GET", url, { source: part(), target: "#matrix-part", swap: "outerHTML show:none" })
      .then(() => {
        history.replaceState(history.state, "", url);
        document.getElementById(link.id)?.focus({ preventScroll: true });
      });
  });

  function show(link) {
    const preview = document.getElementById("matrix-preview");
    const frame = preview?.parentElement;
    const mark = link.querySelector("circle, rect");
    if (!preview || !mark) return;
    const [name, ...rest] = (link.dataset.preview || link.getAttribute("aria-label")).split("\n");
    preview.querySelector("b").textContent = name;
    preview.querySelector("span").textContent = rest.join("\n");
    preview.hidden = false;
    const around = frame.getBoundingClientRect();
    const box = mark.getBoundingClientRect();
    const right = box.right - around.left + 8;
    const fits = right + preview.offsetWidth <= frame.clientWidth;
    preview.style.left = `${Math.max(0, fits ? right : box.left - around.left - preview.offsetWidth - 8)}px`;
    preview.style.top = `${Math.max(0, box.top + box.height / 2 - around.top - preview.offsetHeight / 2)}px`;
  }

  function hide() {
    const preview = document.getElementById("matrix-preview");
    if (!preview) return;
    preview.hidden = true;
    // htmx would copy the attribute onto the element that takes this one's place, which the content policy forbids.
    preview.removeAttribute("style");
  }

  for (const name of ["pointerover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const link = event.target.closest?.("svg a[data-take]");
      if (link) show(link);
      else if (name === "pointerover") hide();
    });
  }
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
})();
