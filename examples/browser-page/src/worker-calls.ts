/** Functions of a worker, by name. Arguments and results can be cloned. */
// biome-ignore lint/suspicious/noExplicitAny: the type of a function with any argument.
export type WorkerFunctions<Functions> = { readonly [Name in keyof Functions]: (argument: any) => unknown };

/** A call of a function of the worker. */
interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** What the worker sends. */
type WorkerMessage<News> =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly news: News };

/** Calls the functions of a worker from its page. `answerCalls` answers them. */
export class WorkerCalls<Functions extends WorkerFunctions<Functions>, News = never> {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve(result: unknown): void; reject(error: Error): void }
  >();
  private calls = 0;

  /** @param onNews receives what the worker sends without being asked */
  constructor(worker: Worker, onNews: (news: News) => void = () => {}) {
    this.worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerMessage<News>>) => {
      if ('news' in data) return onNews(data.news);
      const call = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) call?.reject(new Error(data.error));
      else call?.resolve(data.result);
    });
    worker.addEventListener('error', ({ message }) => {
      this.rejectAll(`The worker stopped: ${message || 'the browser gives no reason'}. Reload the page.`);
    });
  }

  /** Calls a function of the worker. @throws Error with the message to show */
  call<Name extends keyof Functions & string>(
    name: Name,
    argument?: Parameters<Functions[Name]>[0],
    transfer: Transferable[] = [],
  ): Promise<ReturnType<Functions[Name]>> {
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker.postMessage({ id, name, argument } satisfies CallMessage, transfer);
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

/** The functions of `Functions`, which may take time. */
export type Answers<Functions extends WorkerFunctions<Functions>> = {
  readonly [Name in keyof Functions]: (
    ...parameters: Parameters<Functions[Name]>
  ) => Promise<ReturnType<Functions[Name]>>;
};

/**
 * Answers the calls of the page, in a worker.
 * @param errorText returns the message of an error
 * @param transfers returns the parts of a result that move to the page instead of being copied
 */
export function answerCalls<Functions extends WorkerFunctions<Functions>>(
  answers: Answers<Functions>,
  errorText: (error: unknown) => string,
  transfers: (result: unknown) => Transferable[],
): void {
  globalThis.addEventListener('message', async ({ data }: MessageEvent<CallMessage>) => {
    const { id, name, argument } = data;
    try {
      const answer = answers[name as keyof Functions] as (argument: unknown) => Promise<unknown>;
      const result = await answer(argument);
      globalThis.postMessage({ id, result }, { transfer: transfers(result) });
    } catch (error) {
      globalThis.postMessage({ id, error: errorText(error) });
    }
  });
}

/** Sends news to the page, in a worker. */
export function sendNews<News>(news: News): void {
  globalThis.postMessage({ news });
}
