// While an editor types, the form says how a date is read and whether quoted words stand in their
// source. The server says the same when the form is saved; without this nothing is lost.
"use strict";
(() => {
  const address = document.querySelector("[data-read]")?.dataset.read;
  const form = document.querySelector("form[id$=_form]");
  if (!address || !form) return;
  const PAUSE = 400; // milliseconds without a key, after which it is asked
  const LONGEST = 4000; // characters of a quotation that are asked about
  const waiting = new Map();

  function told(field) {
    const shown = field.id === "id_date" && document.querySelector(".field-reading .readonly");
    let output = shown || field.parentElement.querySelector(":scope > output.told");
    if (shown) {
      shown.setAttribute("role", "status");
      shown.classList.add("told");
    } else if (!output) {
      output = document.createElement("output");
      output.className = "told";
      output.htmlFor = field.id;
      field.after(output);
    }
    return output;
  }

  // What was shown of a date need not be asked about again when it is saved.
  function seen(edtf) {
    let kept = form.querySelector("[name=date_seen]");
    if (!kept) {
      kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: "date_seen" });
      form.append(kept);
    }
    kept.value = edtf;
  }

  function soon(field, what, asked) {
    clearTimeout(waiting.get(field));
    waiting.set(field, setTimeout(async () => {
      const output = told(field);
      const query = asked();
      if (!query) return output.replaceChildren();
      try {
        const answer = await fetch(`${address}${what}/?${new URLSearchParams(query)}`);
        if (!answer.ok || answer.redirected) return;
        const { right, told: lines, edtf } = await answer.json();
        if (new URLSearchParams(asked() || {}).toString() !== new URLSearchParams(query).toString()) return; // of older words
        if (field.id === "id_date") seen(edtf ?? "");
        output.dataset.right = String(right);
        output.replaceChildren(...lines.flatMap((line) => [line, document.createElement("br")]).slice(0, -1));
      } catch { /* no line: saving tells */ }
    }, PAUSE));
  }

  const value = (id) => document.getElementById(id)?.value ?? "";
  function typed(field) {
    if (field.id === "id_date") {
      soon(field, "date", () => field.value && { date: field.value, source: value("id_quotations-0-source") });
      return;
    }
    const row = /^(id_quotations-\d+)-(source|exact|start)$/.exec(field.id)?.[1];
    if (!row) return;
    const exact = document.getElementById(`${row}-exact`);
    soon(exact, "quotation", () => exact.value && exact.value.length <= LONGEST
      && { source: value(`${row}-source`), exact: exact.value, start: value(`${row}-start`) });
  }
  form.addEventListener("input", (event) => typed(event.target));
  // The search fields tell jQuery alone of what was chosen.
  window.django?.jQuery(form).on("change", "select", (event) => typed(event.target));
})();
