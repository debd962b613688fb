// Ctrl K or ⌘K: search an account or jump to a screen. Results come from the server; screens are filtered here.
(() => {
  "use strict";

  const dialog = document.querySelector("dialog[data-palette]");
  const apple = /Mac|iPhone|iPad/.test(navigator.platform);
  if (apple) document.querySelectorAll("[data-modifier-k]").forEach((key) => { key.textContent = "⌘K"; });
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const found = dialog.querySelector("#palette-found");
  const jumps = dialog.querySelector("[data-palette-jumps]");
  document.querySelectorAll(".jump[hidden], [data-palette-only][hidden]").forEach((element) => { element.hidden = false; });

  const options = () => [...dialog.querySelectorAll("[role=option]")].filter((option) => !option.hidden);

  function choose(option) {
    dialog.querySelectorAll("[aria-selected=true]").forEach((other) => {
      other.setAttribute("aria-selected", "false");
      other.classList.remove("is-on");
    });
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    option.classList.add("is-on");
    if (!option.id) option.id = `found-${options().indexOf(option)}`;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  const chosen = () => dialog.querySelector("[role=option][aria-selected=true]");

  function open() {
    if (dialog.open) return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => { menu.open = false; });
    dialog.showModal();
    input.select();
    filter();
  }

  // A closed dialog's field keeps the focus until the next frame: a letter pressed before that would be lost in it.
  function close() {
    dialog.close();
    input.blur();
  }

  function filter() {
    const words = input.value.trim().toLowerCase();
    for (const jump of jumps.querySelectorAll("[role=option]")) {
      jump.hidden = words !== "" && !jump.textContent.trim().toLowerCase().includes(words);
    }
    if (words === "") found.replaceChildren();
    choose(options()[0]);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    if (event.target === dialog) close();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  input.addEventListener("input", filter);
  found.addEventListener("htmx:afterSettle", () => choose(options()[0]));
  dialog.addEventListener("htmx:afterSettle", () => choose(chosen() || options()[0]));
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(at + by + all.length) % all.length]);
    } else if (event.key === "Escape") {
      // A search field keeps the first Escape to empty itself; here one is enough.
      event.preventDefault();
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      chosen()?.click();
    }
  });
})();
