// What HTML and htmx do not do by themselves. Every page works without this file.
"use strict";

const form = () => document.getElementById("filters");

// A selection's address holds what is asked for and nothing that is empty.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  for (const [name, value] of [...detail.formData.entries()]) {
    if (value === "") detail.formData.delete(name);
  }
});

const busy = (is) => {
  document.getElementById("results")?.setAttribute("aria-busy", is);
  if (is) document.getElementById("failure").hidden = true;
};

// What was opened by hand under "more" is replaced with the facets: it opens again.
let opened = [];
document.addEventListener("htmx:beforeRequest", () => {
  busy(true);
});
document.addEventListener("htmx:beforeSwap", () => {
  opened = [...document.querySelectorAll("#facets details[open]")].map(({ id }) => id);
});

document.addEventListener("htmx:afterSettle", () => {
  sessionStorage.clear(); // htmx notes the current address there; we keep nothing of a reader's
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  // The words and the range stay as they are while somebody types; a removed chip empties them.
  const asked = new URLSearchParams(location.search);
  for (const name of ["q", "from", "to"]) {
    const field = form()?.elements[name];
    if (field && field !== document.activeElement) field.value = asked.get(name) ?? "";
  }
  // A chip that was removed takes the focus with it: the keyboard goes on from the count.
  if (document.activeElement === document.body) {
    const count = document.getElementById("count");
    count?.setAttribute("tabindex", "-1");
    count?.focus({ preventScroll: true });
  }
});

const failed = ({ detail }) => {
  busy(false);
  const notice = document.getElementById("failure");
  if (!notice) return;
  notice.querySelector("a").href = detail.pathInfo?.finalRequestPath ?? location.href;
  notice.hidden = false;
};
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, failed);
}
