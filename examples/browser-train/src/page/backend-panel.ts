import type { BackendRequest, LossChoice, TrainingNews } from '../messages.ts';
import { create, find } from './dom.ts';
import { showNotice } from './notices.ts';
import { TrainingWorker } from './training-worker.ts';

const titles = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WebAssembly' } as const;
const mostThreads = 8;

/** The part of the page that chooses the backend. Each choice starts another worker. */
export class BackendPanel {
  private readonly choice = find('backend-choice', HTMLSelectElement);
  private readonly threads = find('threads-choice', HTMLSelectElement);
  private current: TrainingWorker | null = null;
  private starts = 0;
  private isReady = false;
  /** The trained network between two workers. */
  private model: Uint8Array | null = null;

  private readonly onNews: (news: TrainingNews) => void;
  private readonly onChange: (losses: readonly LossChoice[] | null) => void;

  /**
   * @param onNews receives the news of runs
   * @param onChange called when the worker is ready, or no longer; with the losses that it knows
   */
  constructor(
    onNews: (news: TrainingNews) => void,
    onChange: (losses: readonly LossChoice[] | null) => void,
  ) {
    this.onNews = onNews;
    this.onChange = onChange;
    const cores = Math.min(mostThreads, navigator.hardwareConcurrency || 1);
    const counts = Array.from({ length: cores }, (_, index) => index + 1);
    this.threads.append(
      ...counts.map((count) => create('option', { selected: count === Math.min(4, cores) }, String(count))),
    );
    for (const select of [this.choice, this.threads])
      select.addEventListener('change', () => void this.start());
  }

  /** The worker; null while it starts, and if it did not. */
  get worker(): TrainingWorker | null {
    return this.isReady ? this.current : null;
  }

  /** Lets the user choose another backend, or not. */
  allowChanges(isAllowed: boolean): void {
    this.choice.disabled = !isAllowed;
    this.threads.disabled = !isAllowed;
  }

  /** Starts the chosen backend in another worker, and gives it the trained network. */
  async start(): Promise<void> {
    const start = ++this.starts;
    const text = find('backend-text');
    text.textContent = 'Starting …';
    this.model = (await this.worker?.call('encode').catch(() => null)) ?? this.model;
    this.isReady = false;
    this.onChange(null);
    this.current?.close();
    const worker = new TrainingWorker(this.onNews);
    this.current = worker;
    try {
      const facts = await worker.call('start', this.request());
      if (this.model) await worker.call('load', { bytes: this.model });
      if (start !== this.starts) return;
      this.model = null;
      this.isReady = true;
      find('threads-field').hidden = facts.backend !== 'wasm';
      text.textContent =
        facts.backend === 'wasm'
          ? `Runs on WebAssembly with ${facts.threads} thread${facts.threads === 1 ? '' : 's'}.`
          : `Runs on ${titles[facts.backend]}.`;
      if (facts.backend === 'wasm') this.threads.value = String(facts.threads);
      for (const note of facts.notes) showNotice(note, 'note');
      this.onChange(facts.losses);
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
