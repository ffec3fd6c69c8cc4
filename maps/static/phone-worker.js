"use strict";
// The service worker of /p/: keeps the page of a link and its files, so that it opens without a network. What is kept of
// the page is the answer as it came, its policy with it: the nonce in the header fits the nonces in the document.
// Routes and ticks are no business of it: the page keeps them itself.

const KEPT = "everycell-patrol-1";
const PATIENCE_MS = 4000; // then the kept page opens: a weak network is worse than none

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const bare = (address) => {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
};

/** Whether an answer is a page of ours: a hotel's page to sign in, or a proxy's trouble, is not kept. */
const isOurs = (answer) =>
  answer.ok && !answer.redirected && (answer.headers.get("Content-Security-Policy") ?? "").includes("'nonce-");

const kept = async (address) => (await caches.open(KEPT)).match(address);

const page = async (request) => {
  const before = await kept(bare(request.url));
  const asked = fetch(request);
  if (!before) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, before));
  const fresh = asked.then(
    (answer) => (isOurs(answer) ? answer : before),
    () => before,
  );
  return Promise.race([fresh, late]);
};

const file = async (request) => (await kept(request.url)) ?? fetch(request);

const manifest = (request) => fetch(request).catch(async () => (await kept(bare(request.url))) ?? Response.error());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.includes("/static/") && url.searchParams.has("v")) event.respondWith(file(request));
  else if (url.pathname.endsWith("/manifest.webmanifest")) event.respondWith(manifest(request));
});

/** Keep a page with all files that it names: all of them are here, or what was kept before stays. */
const keep = async (address) => {
  const cache = await caches.open(KEPT);
  const answer = await fetch(address, { cache: "no-store" });
  if (!isOurs(answer)) throw new Error(`${answer.status}`);
  const named = (await answer.clone().text()).matchAll(/(?:src|href)="([^"]*(?:\/static\/|\.webmanifest)[^"]*)"/g);
  const files = [...named].map(([, path]) => new URL(path.replaceAll("&amp;", "&"), address).href);
  const missing = [];
  for (const wanted of files) if (!(await cache.match(wanted))) missing.push(wanted);
  const answers = await Promise.all(missing.map((wanted) => fetch(wanted)));
  for (const [n, one] of answers.entries()) if (!one.ok) throw new Error(`${missing[n]}: ${one.status}`);
  await Promise.all(answers.map((one, n) => cache.put(missing[n], one)));
  await cache.put(bare(address), answer);
  // Files of an earlier version of the page.
  for (const { url } of await cache.keys())
    if (url.includes("/static/") && !files.includes(url)) await cache.delete(url);
};

const forget = async (address) => (await caches.open(KEPT)).delete(bare(address));

self.addEventListener("message", (event) => {
  const { keep: wanted, forget: over } = event.data;
  const done = wanted ? keep(wanted) : forget(over);
  event.waitUntil(
    done.then(
      () => event.ports[0]?.postMessage("done"),
      (error) => event.ports[0]?.postMessage(String(error)),
    ),
  );
});
