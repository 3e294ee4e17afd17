import { BackendPanel } from '@openset-examples/browser-page/backend-panel.ts';
import { find } from '@openset-examples/browser-page/dom.ts';
import { showNotice, withNotice } from '@openset-examples/browser-page/notices.ts';
import { WorkerCalls } from '@openset-examples/browser-page/worker-calls.ts';
import type { FacesFunctions, WorkerFacts } from '../functions.ts';
import { EnrollPanel } from './enroll-panel.ts';
import { LookPanel } from './look-panel.ts';
import { keepOffline } from './offline.ts';
import { People } from './people.ts';
import { PeoplePanel } from './people-panel.ts';
import { deleteStoredGallery, OtherNetworkError } from './stored-gallery.ts';

// The page: its parts, and what one needs from another.

const modelsAddress = new URL('models/', document.baseURI).href;
const people = new People();
const list = new PeoplePanel(people, () => void withNotice(() => look.repeat()));
const backends = new BackendPanel<WorkerCalls<FacesFunctions>, WorkerFacts>({
  open: () =>
    new WorkerCalls(new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })),
  start: (worker, request) => worker.call('start', { ...request, modelsAddress }),
  onChange: (facts) => void withNotice(() => useNetworks(facts)),
});
const enroll = new EnrollPanel(people, {
  async look(request) {
    const { worker } = backends;
    if (!worker)
      throw new Error('The networks are not loaded yet. Wait for the backend, and add the photo again.');
    return worker.call('look', request);
  },
  onEnrolled: () => void withNotice(showPeople),
});
const look = new LookPanel(people, {
  look: (request) =>
    backends.worker?.call('look', request, request.source instanceof ImageBitmap ? [request.source] : []) ??
    null,
  enroll: (face, source) => enroll.addFace(face, source),
  onCamera(isOn) {
    fromCamera.disabled = !isOn;
  },
});
const fromCamera = find('enroll-camera', HTMLButtonElement);
fromCamera.addEventListener('click', () => {
  const face = look.largestFace();
  if (face) enroll.addFace(face, 'camera');
  else
    showNotice(
      'The camera sees no face now. Come nearer and turn to it, and take the picture again.',
      'note',
    );
});

void backends.start();
void keepOffline();

async function useNetworks(facts: WorkerFacts | null): Promise<void> {
  if (facts) {
    await openPeople(facts);
    await list.show();
  }
  // While the people were opened, the user may have chosen another backend.
  const isReady = backends.worker !== null;
  enroll.allow(isReady);
  find('ready-text').textContent = isReady ? 'Ready.' : 'Loading the networks …';
  if (isReady) await look.repeat();
}

/** Opens the people that this browser keeps, or says why not: the page goes on without. */
async function openPeople(facts: WorkerFacts): Promise<void> {
  try {
    await people.open(facts);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (!(error instanceof OtherNetworkError)) {
      showNotice(`${text} Until then, people are forgotten when the page is closed.`);
      return;
    }
    showNotice(text, 'problem', {
      label: 'Forget them',
      async run() {
        await deleteStoredGallery();
        await people.keep();
        await showPeople();
      },
    });
  }
}

async function showPeople(): Promise<void> {
  await list.show();
  await look.repeat();
}
