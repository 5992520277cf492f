// Names the admin's search fields (Select2's) after their labels, which it leaves nameless while they are empty.
"use strict";

function nameSearchFields() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const drawn = select.nextElementSibling;
    const name = select.labels[0]?.textContent.replace(/:\s*$/, "").trim() || select.ariaLabel;
    if (!drawn?.matches(".select2") || !name) continue;
    for (const part of drawn.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
      part.setAttribute("aria-label", name);
      part.removeAttribute("aria-labelledby");
    }
    drawn.querySelector("ul.select2-selection__rendered")?.setAttribute("role", "presentation");
  }
}

window.django?.jQuery?.(nameSearchFields); // once they are drawn, which waits for the page as this does
document.addEventListener("formset:added", () => setTimeout(nameSearchFields));
