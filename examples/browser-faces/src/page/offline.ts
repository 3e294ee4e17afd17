import { find } from '@openset-examples/browser-page/dom.ts';

/** Lets the browser keep the page with its networks, so that it works without a network. Only a built page has a service worker. */
export async function keepOffline(): Promise<void> {
  if (import.meta.env.MODE !== 'production' || !('serviceWorker' in navigator)) return;
  const text = find('offline-text');
  try {
    const address = new URL('service-worker.js', document.baseURI);
    await isKept(await navigator.serviceWorker.register(address));
    text.textContent = 'This page now works without a network, too.';
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    text.textContent = `This browser does not keep the page, so it needs its server (${reason}).`;
  }
}

/** Waits until the browser has kept all files. @throws Error if it has not, such as for lack of space */
function isKept({ active, waiting, installing }: ServiceWorkerRegistration): Promise<void> {
  const kept = active ?? waiting;
  if (kept || !installing) return Promise.resolve();
  return new Promise((resolve, reject) => {
    installing.addEventListener('statechange', () => {
      if (installing.state === 'redundant') reject(new Error('not all files could be kept'));
      else if (installing.state === 'activated') resolve();
    });
  });
}
