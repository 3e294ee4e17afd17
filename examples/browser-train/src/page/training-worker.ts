import type { CallMessage, CallName, TrainingNews, WorkerCalls, WorkerMessage } from '../messages.ts';

/** The worker that trains, as functions. */
export class TrainingWorker {
  private readonly worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<
    number,
    { resolve(result: unknown): void; reject(error: Error): void }
  >();
  private calls = 0;

  /** @param onNews receives the news of a run */
  constructor(onNews: (news: TrainingNews) => void) {
    this.worker.addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
      if ('news' in data) return onNews(data.news);
      const call = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) call?.reject(new Error(data.error));
      else call?.resolve(data.result);
    });
    this.worker.addEventListener('error', ({ message }) => {
      this.rejectAll(`The worker stopped: ${message || 'the browser gives no reason'}. Reload the page.`);
    });
  }

  /** Calls a function of the worker. @throws Error with the message to show */
  call<Name extends CallName>(
    name: Name,
    ...[argument]: Parameters<WorkerCalls[Name]>
  ): Promise<ReturnType<WorkerCalls[Name]>> {
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker.postMessage({ id, name, argument } satisfies CallMessage);
    });
  }

  /** Ends the worker with all that it holds. */
  close(): void {
    this.worker.terminate();
    this.rejectAll('The worker was closed.');
  }

  private rejectAll(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(message));
    this.waiting.clear();
  }
}
