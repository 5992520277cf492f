// Keeps the pages that were read, for a reader who asked for it, to be read again without a line.
// With a line nothing stored is ever shown: each page is asked for first.
"use strict";

const MOST = { pages: 80, files: 20 }; // answers that are kept: what pages are drawn with, apart

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin || /^\/(\w\w\/(admin|preview|embed|alerts)\/|sw\.js)/.test(pathname)) {
    return;
  }
  event.respondWith(answer(event));
});

async function answer(event) {
  try {
    const { request } = event;
    const response = await fetch(request, request.mode === "navigate" ? { cache: "no-cache" } : {});
    if (response.ok) event.waitUntil(keep(request.url, response.clone()));
    return response;
  } catch {
    return stored(event.request);
  }
}

async function keep(url, response) {
  const name = new URL(url).pathname.startsWith("/static/") ? "files" : "pages";
  const store = await caches.open(name);
  await store.delete(url); // so that what was read last stands last
  await store.put(url, response);
  const kept = await store.keys();
  const old = kept.filter((request) => !request.url.endsWith("/offline/")).slice(0, -MOST[name]);
  for (const request of old) await store.delete(request);
}

async function stored(request) {
  const language = new URL(request.url).pathname.split("/")[1];
  let found = await caches.match(request.url, { ignoreVary: true });
  if (!found && request.mode === "navigate") found = await caches.match(`/${language}/offline/`);
  if (!found || !found.headers.get("Content-Type")?.startsWith("text/html")) {
    return found ?? Response.error();
  }
  // The page holds the sentence that it is a stored copy, hidden until it is one.
  const read = new Date(found.headers.get("Date") ?? Date.now());
  const when = read.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  const page = (await found.text()).replace('id="stored" hidden', 'id="stored"').replace("%when%", when);
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}
