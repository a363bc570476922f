// Keeps what runs the book's examples, and the pages that were read since, so that both are there
// without a network. Registered when a reader first runs something; until then nothing is kept.
// Files of the runtime have their version in their names, and never change; of all else the newest
// is shown, and the kept one where there is no network.

const KEPT = "cnnbook";
const FIXED = /\/runtime\/.+\/|\/runtime\/book-/;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// Where nothing can be kept, for want of room or of leave, what came is shown all the same.
async function keep(cache, request, answer) {
  if (answer.ok && answer.type === "basic") await cache?.put(request, answer.clone()).catch(() => {});
  return answer;
}

async function respond(request) {
  const cache = await caches.open(KEPT).catch(() => undefined);
  const kept = await cache?.match(request, { ignoreSearch: true });
  if (kept && FIXED.test(request.url)) return kept;
  try {
    return await keep(cache, request, await fetch(request));
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(registration.scope)) event.respondWith(respond(event.request));
});
