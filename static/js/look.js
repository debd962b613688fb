// An account's page that was in sight for ten seconds is a look at its diagnosis: told once, without any content.
//   <div data-look="address" hidden></div>
(() => {
  "use strict";

  const NEEDED = 10_000;
  const mark = document.querySelector("[data-look]");
  if (!mark) return;
  let seen = 0;
  let since = document.visibilityState === "visible" ? performance.now() : null;
  let timer = 0;

  function tell() {
    const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
    fetch(mark.dataset.look, { method: "POST", headers, credentials: "same-origin", keepalive: true }).catch(() => {});
    document.removeEventListener("visibilitychange", watch);
  }

  // Only time in sight counts: a tab in the background is nobody's look.
  function watch() {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      since = performance.now();
      timer = setTimeout(tell, Math.max(0, NEEDED - seen));
    } else if (since !== null) {
      seen += performance.now() - since;
      since = null;
    }
  }

  document.addEventListener("visibilitychange", watch);
  watch();
})();
