// <form data-upload> with one file input: files can be dropped on it, are listed before they go, and show how far
// they are. Without script the same form posts the same fields. Loaded by the pages that upload.
(() => {
  "use strict";

  const size = (bytes, language) => {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const step = Math.min(3, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
    const format = { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: step > 1 ? 1 : 0 };
    return new Intl.NumberFormat(language, format).format(bytes / 1000 ** step);
  };

  function prepare(form) {
    const input = form.querySelector("input[type=file]");
    const drop = form.querySelector(".drop");
    const list = form.querySelector("[data-upload-list]");
    const button = form.querySelector("[type=submit]");
    const bar = form.querySelector("progress");
    const fault = form.querySelector("[data-upload-fault]");
    const most = Number(form.dataset.maxBytes || 0);
    const language = document.documentElement.lang;
    const send = () => form.requestSubmit(button || undefined);

    function show() {
      if (fault) fault.hidden = true;
      if (list) {
        list.replaceChildren(...[...input.files].map((file) => {
          const row = document.createElement("li");
          const name = document.createElement("span");
          const bytes = document.createElement("span");
          name.textContent = file.name;
          bytes.textContent = size(file.size, language);
          row.append(name, bytes);
          return row;
        }));
      }
      if (button) button.disabled = input.files.length === 0;
      if (most && [...input.files].some((file) => file.size > most)) { refuse("large"); return; }
      if (form.hasAttribute("data-upload-at-once") && input.files.length) send();
    }

    function refuse(kind) {
      if (!fault) return;
      fault.hidden = false;
      for (const text of fault.querySelectorAll("[data-fault-kind]")) text.hidden = text.dataset.faultKind !== kind;
      if (bar) bar.hidden = true;
      form.removeAttribute("aria-busy");
      if (button) { button.disabled = kind === "large"; button.removeAttribute("aria-busy"); }
    }

    input.addEventListener("change", show);
    for (const name of ["dragenter", "dragover"]) {
      drop?.addEventListener(name, (event) => {
        if (![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault();
        drop.classList.add("drop--over");
      });
    }
    drop?.addEventListener("dragleave", (event) => {
      if (!drop.contains(event.relatedTarget)) drop.classList.remove("drop--over");
    });
    drop?.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("drop--over");
      const files = new DataTransfer();
      for (const file of event.dataTransfer.files) files.items.add(file);
      input.files = files.files;
      show();
    });

    form.addEventListener("submit", (event) => {
      if (!input.files.length) return;
      event.preventDefault();
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.upload.addEventListener("progress", (step) => {
        if (bar && step.lengthComputable) bar.value = step.loaded / step.total;
      });
      request.addEventListener("load", () => {
        // A redirect took it; the same page again, or 422, is the form with its errors.
        if (request.status < 400 && request.responseURL !== form.action) location.assign(request.responseURL);
        else if (request.status < 400 || request.status === 422) showAnswer(request.responseText);
        else refuse(request.status === 413 ? "large" : request.status >= 500 ? "server" : "denied");
      });
      request.addEventListener("error", () => refuse("offline"));
      if (bar) { bar.hidden = false; bar.value = 0; }
      form.setAttribute("aria-busy", "true");
      if (button) { button.disabled = true; button.setAttribute("aria-busy", "true"); }
      request.send(new FormData(form));
    });
    if (button && !input.files.length) button.disabled = true;
  }

  function showAnswer(html) {
    const answer = new DOMParser().parseFromString(html, "text/html").getElementById("main");
    const main = document.getElementById("main");
    if (!answer || !main) { location.reload(); return; }
    main.replaceWith(answer);
    answer.querySelectorAll("form[data-upload]").forEach(prepare);
    answer.focus();
  }

  document.querySelectorAll("form[data-upload]").forEach(prepare);
})();
