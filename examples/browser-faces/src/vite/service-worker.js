// @ts-nocheck: the types of service workers and of pages exclude each other.
// Keeps all files of the page in the browser. `offlinePage` writes the list of files into this program.

const build = { version: '', files: [] };
const prefix = 'openset-browser-faces-';
const cacheName = prefix + build.version;
const addressOf = (file) => new URL(file, self.registration.scope).href;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(build.files.map(addressOf))));
});

self.addEventListener('activate', (event) => {
  const removeOthers = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(removeOthers());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return;
  const isPage = request.mode === 'navigate' && request.url.split(/[?#]/)[0] === self.registration.scope;
  const answer = async () => {
    const cache = await caches.open(cacheName);
    const kept = await cache.match(isPage ? addressOf('index.html') : request, { ignoreSearch: true });
    return kept ?? fetch(request);
  };
  event.respondWith(answer());
});
