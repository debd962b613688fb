// What every page says by itself: announcements, and a request that failed.
// Server: HX-Trigger: {"announce": "…"} speaks through the polite region.
(() => {
  "use strict";

  const live = () => document.getElementById("live");

  document.addEventListener("announce", (event) => {
    const region = live();
    if (!region) return;
    // Emptied first: the same sentence twice is read twice.
    region.textContent = "";
    setTimeout(() => { region.textContent = event.detail.value || ""; }, 60);
  });

  function showFault(kind) {
    const template = document.querySelector(`template[data-fault="${kind}"]`);
    const toasts = document.getElementById("toasts");
    if (template && toasts) toasts.append(template.content.cloneNode(true));
  }

  // Nothing is lost when a part only failed to load.
  const kindOf = (event, kind) => (event.detail.requestConfig?.verb === "get" ? "unread" : kind);
  // Nor when a part that asks again by itself was not answered once.
  const asksAgain = (event) => event.detail.elt.matches("[data-poll]");
  document.addEventListener("htmx:sendError", (event) => asksAgain(event) || showFault(kindOf(event, "offline")));
  document.addEventListener("htmx:timeout", (event) => asksAgain(event) || showFault(kindOf(event, "offline")));
  document.addEventListener("htmx:responseError", (event) => {
    if (asksAgain(event)) return;
    showFault(kindOf(event, event.detail.xhr.status >= 500 ? "server" : "denied"));
  });

  // A passkey dialog that was closed is no error of the page.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    showFault("passkey");
  });

  // A button that sent a request is busy until it ends; its label stays.
  const mark = (event, busy) => {
    const element = event.detail.elt;
    const button = element.matches("button") ? element : event.detail.requestConfig?.triggeringEvent?.submitter;
    if (button) button.setAttribute("aria-busy", String(busy));
  };
  document.addEventListener("htmx:beforeRequest", (event) => mark(event, true));
  document.addEventListener("htmx:afterRequest", (event) => mark(event, false));

  // Controls that need a script are hidden until there is one.
  document.querySelectorAll("[data-script-only]").forEach((element) => { element.hidden = false; });

  // <form data-auto-submit>: a changed filter applies at once; without script its button does.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-auto-submit]")) form.requestSubmit();
  });
})();
