// The matrix's links live inside an SVG, which htmx does not boost: a click swaps the part, the address stays true.
// Pointer and focus show a preview; it says what the link's label says, so it is hidden from assistive technology.
(() => {
  "use strict";

  const AIR = 12;
  const GAP = 10;

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("svg a[data-take]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.htmx) return;
    event.preventDefault();
    const url = link.getAttribute("href");
    // How it is swapped stands on the part itself.
    window.htmx
      .ajax("GET", url, { source: document.getElementById("matrix-part"), target: "#matrix-part" })
      .then(() => {
        history.replaceState(history.state, "", url);
        document.getElementById(link.id)?.focus({ preventScroll: true });
      });
  });

  // In the chart's own units, so that it grows with the chart.
  function show(link) {
    const preview = document.getElementById("matrix-preview");
    const mark = link.querySelector("circle, rect");
    if (!preview || !mark) return;
    const lines = (link.dataset.preview || link.getAttribute("aria-label").replace(": ", "\n")).split("\n");
    const texts = [...preview.querySelectorAll("text")];
    texts.forEach((text, at) => { text.textContent = lines[at] || ""; });
    const width = Math.max(...texts.map((text) => text.getComputedTextLength())) + 2 * AIR;
    const height = lines.length > 2 ? 66 : 50;
    const panel = preview.querySelector("rect");
    panel.setAttribute("width", width);
    panel.setAttribute("height", height);
    const box = mark.getBBox();
    const frame = preview.ownerSVGElement.viewBox.baseVal;
    const right = box.x + box.width + GAP;
    const x = right + width <= frame.width ? right : Math.max(0, box.x - GAP - width);
    const y = Math.min(Math.max(0, box.y + box.height / 2 - height / 2), frame.height - height);
    preview.setAttribute("transform", `translate(${x} ${y})`);
    preview.setAttribute("visibility", "visible");
  }

  function hide() {
    document.getElementById("matrix-preview")?.setAttribute("visibility", "hidden");
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
