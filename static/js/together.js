// <form data-together>: a choice of accounts. The box in the head chooses all; the link that writes to the chosen people
// holds their addresses only; <button data-copies="id"> copies a text. Without script: all boxes, all addresses.
(() => {
  "use strict";

  const boxes = (form) => [...form.querySelectorAll("input[name=priority]")];

  function follow(form) {
    const all = boxes(form);
    const chosen = all.filter((box) => box.checked);
    const head = form.querySelector("[data-check-all]");
    if (head) {
      head.checked = chosen.length === all.length;
      head.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
    const addresses = [...new Set(chosen.map((box) => box.dataset.address).filter(Boolean))];
    for (const link of form.querySelectorAll("[data-mail-together]")) {
      const rest = link.href.slice(link.href.indexOf("&subject="));
      link.href = `mailto:?bcc=${addresses.map((address) => encodeURIComponent(address).replace("%40", "@")).join(",")}${rest}`;
    }
  }

  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-together]");
    if (!form || event.target.type !== "checkbox") return;
    if (event.target.matches("[data-check-all]")) {
      for (const box of boxes(form)) box.checked = event.target.checked;
    }
    follow(form);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      text.select();
      document.execCommand("copy");
    }
    document.dispatchEvent(new CustomEvent("announce", { detail: { value: button.dataset.copied } }));
    button.setAttribute("aria-describedby", "live");
  });

  // What needs a script is shown also in a part that came later.
  const show = (root) => root.querySelectorAll("[data-script-only][hidden]").forEach((element) => { element.hidden = false; });
  document.addEventListener("htmx:afterSettle", (event) => show(event.target.parentElement || document));
})();
