import { type BackendFacts, type BackendRequest, backendTitles } from './backend-request.ts';
import { create, find } from './dom.ts';
import { showNotice } from './notices.ts';

const mostThreads = 8;

/** How the panel opens and starts workers. */
export interface WorkerStart<PageWorker extends { close(): void }, Facts extends BackendFacts> {
  /** Opens a worker, which has no backend yet. */
  open(): PageWorker;
  /** Starts the backend of a worker, and whatever the page needs in it. */
  start(worker: PageWorker, request: BackendRequest): Promise<Facts>;
  /** Called before a worker that runs is closed for another. */
  leave?(worker: PageWorker): Promise<void>;
  /** Called when the worker is ready, or with null when it is ready no longer. */
  onChange(facts: Facts | null): void;
}

/**
 * The part of a page that chooses the backend: its elements are `backend-choice`, `threads-choice`, `threads-field` and `backend-text`.
 * Each choice starts another worker.
 */
export class BackendPanel<PageWorker extends { close(): void }, Facts extends BackendFacts> {
  private readonly choice = find('backend-choice', HTMLSelectElement);
  private readonly threads = find('threads-choice', HTMLSelectElement);
  private readonly steps: WorkerStart<PageWorker, Facts>;
  private current: PageWorker | null = null;
  private starts = 0;
  /** The last call of `leave`; the worker that it got must not be closed before. */
  private leaving: Promise<void> = Promise.resolve();
  private isReady = false;

  constructor(steps: WorkerStart<PageWorker, Facts>) {
    this.steps = steps;
    const cores = Math.min(mostThreads, navigator.hardwareConcurrency || 1);
    const counts = Array.from({ length: cores }, (_, index) => index + 1);
    this.threads.append(
      ...counts.map((count) => create('option', { selected: count === Math.min(4, cores) }, String(count))),
    );
    for (const select of [this.choice, this.threads])
      select.addEventListener('change', () => void this.start());
  }

  /** The worker; null while it starts, and if it did not. */
  get worker(): PageWorker | null {
    return this.isReady ? this.current : null;
  }

  /** Lets the user choose another backend, or not. */
  allowChanges(isAllowed: boolean): void {
    this.choice.disabled = !isAllowed;
    this.threads.disabled = !isAllowed;
  }

  /** Starts the chosen backend in another worker. */
  async start(): Promise<void> {
    const { steps, worker: left } = this;
    const start = ++this.starts;
    const text = find('backend-text');
    text.textContent = 'Starting …';
    this.isReady = false;
    steps.onChange(null);
    if (left && steps.leave) this.leaving = steps.leave(left);
    await this.leaving;
    // Meanwhile, the user has chosen again.
    if (start !== this.starts) return;
    this.current?.close();
    const worker = steps.open();
    this.current = worker;
    try {
      const facts = await steps.start(worker, this.request());
      if (start !== this.starts) return;
      this.isReady = true;
      find('threads-field').hidden = facts.backend !== 'wasm';
      text.textContent =
        facts.backend === 'wasm'
          ? `Runs on WebAssembly with ${facts.threads} thread${facts.threads === 1 ? '' : 's'}.`
          : `Runs on ${backendTitles[facts.backend]}.`;
      if (facts.backend === 'wasm') this.threads.value = String(facts.threads);
      for (const note of facts.notes) showNotice(note, 'note');
      steps.onChange(facts);
    } catch (error) {
      if (start !== this.starts) return;
      text.textContent = 'No backend runs.';
      showNotice(error instanceof Error ? error.message : String(error));
    }
  }

  private request(): BackendRequest {
    return { backend: this.choice.value as BackendRequest['backend'], threads: Number(this.threads.value) };
  }
}
