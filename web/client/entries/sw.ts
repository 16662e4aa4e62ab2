/**
 * Keeps the shells of the phone's pages and their assets, so that they open without network; sends what waits when the
 * network is back. Nothing else is kept: no answer of the API, no page with anybody's data.
 *
 * A new version installs beside the old one and takes over at once. The version before it stays, since a page that is
 * open may still load its assets, which the server no longer has.
 */
import { drain } from "../parts/outbox.ts";

interface Kept {
  version: string;
  /** Address → shell. */
  pages: Record<string, string>;
  offline: string;
  assets: string[];
}

declare const self: ServiceWorkerGlobalScope & { __kept: Kept };

const KEPT = self.__kept;
const PREFIX = "gridgov-";
const VERSIONS = 2;
const PATIENCE_MS = 4_000;
/** A bad network is worse than none: after this the shell is shown. */
const GATEWAY_TROUBLE = 502;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, url.pathname));
  else if (KEPT.assets.includes(url.pathname) || url.pathname.startsWith("/static/built/")) event.respondWith(asset(request));
});
self.addEventListener("sync", (event) => {
  if ((event as Event & { tag: string }).tag === "outbox") (event as ExtendableEvent).waitUntil(send());
});

async function install(): Promise<void> {
  const cache = await caches.open(PREFIX + KEPT.version);
  const shells = new Set([...Object.values(KEPT.pages), KEPT.offline]);
  const fresh = [...shells].map((shell) => new Request(shell, { cache: "reload", credentials: "omit" }));
  await cache.addAll([...fresh, ...KEPT.assets]);
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const versions = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + KEPT.version);
  await Promise.all(versions.slice(0, Math.max(0, versions.length - VERSIONS + 1)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function page(request: Request, path: string): Promise<Response> {
  const shell = KEPT.pages[path];
  try {
    const response = await (shell ? Promise.race([fetch(request), impatience()]) : fetch(request));
    if (!shell || response.status < GATEWAY_TROUBLE) return response;
  } catch {
    // the shell below
  }
  return (await kept(shell ?? KEPT.offline)) ?? Response.error();
}

function impatience(): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("slow")), PATIENCE_MS));
}

async function asset(request: Request): Promise<Response> {
  return (await kept(request)) ?? fetch(request);
}

/** From the newest version that has it. */
async function kept(wanted: Request | string): Promise<Response | undefined> {
  const newest = await caches.open(PREFIX + KEPT.version);
  return (await newest.match(wanted, { ignoreVary: true })) ?? caches.match(wanted, { ignoreVary: true });
}

/** A failure makes the browser try again later; an ended session waits for the person. */
async function send(): Promise<void> {
  if ((await drain()) === "offline") throw new Error("still no network");
}
