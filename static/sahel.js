// What HTML and htmx do not do by themselves. Every page works without this file.
"use strict";

const byId = (id) => document.getElementById(id);
let opened = []; // the lists under "more" that were opened by hand
let used = ""; // the id of the control that asked last, for the focus to return to
let leave = false; // whether the panel of a narrow screen was left with its button
let held = { id: "", top: 0 }; // the choice that was changed, and where it stood in the window

// With the form at hand, every link that changes the selection sets the form's own controls and
// sends it: so two quick clicks add up, and an answer on its way never brings an old choice back.
document.addEventListener("click", (event) => {
  const link = event.target.closest(
    "[data-off], [data-out], [data-order], [data-clear], .histogram a",
  );
  const form = byId("filters");
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.closest(".histogram")) {
    const asked = new URL(link.getAttribute("href"), location).searchParams;
    for (const name of ["from", "to"]) byId(name).value = asked.get(name) ?? "";
    form.requestSubmit();
    return;
  }
  const { off, out, order, clear } = link.dataset;
  const control = out === undefined ? byId(off) : link.closest("li").querySelector("input");
  const controls = clear === undefined ? [control] : [...form.elements];
  for (const control of controls) {
    if (control?.type === "checkbox") control.checked = out !== undefined;
    else if (control && control.type !== "submit" && control.id !== "order") control.value = "";
  }
  if (out !== undefined) control.value = `-${control.value}`;
  if (order !== undefined) Object.assign(byId("order"), { value: order, disabled: !order });
  link.closest("li")?.classList.add("going");
  used = out === undefined ? "" : control.id;
  form.requestSubmit();
});

document.addEventListener("submit", ({ submitter }) => {
  leave = submitter !== null && byId("panel")?.matches(":target");
});

// A selection's address holds what is asked for, nothing that is empty, in the server's order.
const names = [
  "actor", "year", "place", "kind", "status", "source", "from", "to", "q", "find", "order",
];
document.addEventListener("htmx:configRequest", ({ detail: { formData } }) => {
  for (const name of names) {
    const values = formData.getAll(name);
    formData.delete(name);
    for (const value of values) if (value) formData.append(name, value);
  }
});

const busy = (is) => {
  byId("results")?.setAttribute("aria-busy", is);
  if (is) byId("failure").hidden = true;
};
document.addEventListener("htmx:beforeRequest", () => busy(true));

document.addEventListener("change", ({ target }) => {
  held.id = target.closest("#facets") ? target.id : "";
});

// The choices above the one that was changed may have become more or fewer: it stays where it is.
const hold = () => {
  const choice = byId(held.id);
  if (!choice?.checkVisibility()) return;
  const moved = () => choice.getBoundingClientRect().top - held.top;
  const panel = byId("panel");
  const scrolled = getComputedStyle(panel).overflowY === "auto" ? panel : window;
  scrolled.scrollBy({ top: moved(), behavior: "instant" });
  if (moved() < 0) choice.closest("fieldset").style.marginBlockStart = `${-moved()}px`;
};

document.addEventListener("htmx:beforeSwap", () => {
  held.top = byId(held.id)?.getBoundingClientRect().top;
  opened = [...document.querySelectorAll("#facets details[open]")].map(({ id }) => id);
});

document.addEventListener("htmx:afterSettle", () => {
  forget();
  for (const id of opened) byId(id)?.setAttribute("open", "");
  // Words and range stay as they are while somebody types; else they show what the server read.
  const read = byId("order")?.dataset;
  for (const name of read ? ["q", "from", "to", "find"] : []) {
    const field = byId(name);
    if (field && field !== document.activeElement) field.value = read[name];
  }
  if (leave) location.hash = "selection";
  else hold();
  // A link that is gone took the focus with it: the keyboard goes on where it was, or at the count.
  if (document.activeElement === document.body) {
    const next = byId(used)?.checkVisibility() ? byId(used) : byId("count");
    if (next?.id === "count") next.setAttribute("tabindex", "-1");
    next?.focus({ preventScroll: true });
  }
  leave = false;
  used = "";
});

// Alt with an arrow goes to the title of the next event, or of the one before.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.altKey || event.target.matches("input, textarea, select")) return;
  const titles = [...document.querySelectorAll(".event h3 a")];
  if (!titles.length) return;
  event.preventDefault();
  const here = document.activeElement.closest(".event")?.querySelector("h3 a");
  const seen = titles.findIndex((title) => title.getBoundingClientRect().top > 0);
  const next = here ? titles.indexOf(here) + step : Math.max(seen, 0);
  titles[Math.min(Math.max(next, 0), titles.length - 1)].focus();
});

// Going back while an answer is on its way: the answer is no longer wanted.
addEventListener("popstate", () => {
  if (byId("filters")) window.htmx?.trigger("#filters", "htmx:abort");
});

// htmx notes the current address in the browser's storage; we keep nothing of a reader's.
const forget = () => sessionStorage.clear();
document.addEventListener("DOMContentLoaded", forget);
addEventListener("pagehide", forget);

const failed = ({ detail }) => {
  busy(false);
  const notice = byId("failure");
  if (!notice) return;
  notice.querySelector("a").href = detail.pathInfo?.finalRequestPath ?? location.href;
  notice.hidden = false;
};
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, failed);
}

// Reading offline, for who asks for it: the service worker itself is the only thing that is noted.
const offline = byId("offline");
const showOffline = async () => {
  const on = Boolean(await navigator.serviceWorker.getRegistration("/"));
  offline.textContent = on ? offline.dataset.on : offline.dataset.off;
  byId("keep-pages").hidden = on;
  byId("forget-pages").hidden = !on;
  const kept = on ? await (await caches.open("pages")).keys() : [];
  const pages = kept.map(({ url }) => new URL(url)).filter(({ pathname }) => /^\/\w\w\//.test(pathname));
  byId("kept-pages").replaceChildren(
    ...pages.map(({ pathname, search }) => {
      const link = Object.assign(document.createElement("a"), { href: pathname + search });
      link.textContent = decodeURI(pathname + search);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }),
  );
};
if (offline && "serviceWorker" in navigator) {
  byId("keep-pages").addEventListener("click", async () => {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    await (await caches.open("pages")).add(location.pathname);
    await showOffline();
  });
  byId("forget-pages").addEventListener("click", async () => {
    for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
    await showOffline();
  });
  showOffline();
}
