// The console's own script. Every page works without it: htmx and this save reloads and keep the focus in place.
(() => {
  "use strict";

  // Ticks every box of the page's table.
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-tick-all]");
    if (!all) return;
    const boxes = document.getElementById(all.dataset.tickAll).querySelectorAll("input[type=checkbox]");
    boxes.forEach((box) => { box.checked = all.checked; });
  });

  // A filter is applied when it is chosen; its button is for those without script.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form) form.requestSubmit();
  });

  // The part that is being loaded says so to everybody.
  const busy = (event, is) => {
    const target = event.detail?.ctx?.target;
    if (target instanceof Element) target.setAttribute("aria-busy", String(is));
  };
  document.addEventListener("htmx:before:request", (event) => busy(event, true));
  document.addEventListener("htmx:after:swap", (event) => {
    busy(event, false);
    const part = document.getElementById(event.detail?.ctx?.target?.id);
    const said = part?.closest("[data-says]") ?? part?.querySelector("[data-says]");
    const status = document.getElementById("status");
    if (said && status && status.textContent !== said.dataset.says) status.textContent = said.dataset.says;
  });
  document.addEventListener("htmx:error", (event) => busy(event, false));

  // What is copied needs the clipboard, which pages have on a secure origin alone.
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      document.getElementById("status").textContent = button.textContent = "Copied.";
    });
  });

  // After a form was refused, the summary of its errors is read first.
  const errors = document.querySelector(".errors");
  if (errors) errors.focus();
})();
