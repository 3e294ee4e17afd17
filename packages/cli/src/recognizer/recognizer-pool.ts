import type { Worker } from 'node:worker_threads';
import { ConfigError, DataError, EngineError, WorkerError } from '@openset/core';
import { QueueFullError, type RecognizeOptions } from '@openset/server';
import { CompletionRate } from './completion-rate.ts';
import type { ImageAnswer } from './image-recognizer.ts';
import type { RecognizerFacts, WorkerReply, WorkerTask } from './recognizer-messages.ts';

/** Options of a pool. */
export interface PoolOptions {
  /** Number of threads, at least 1. */
  readonly workers: number;
  /** Largest number of calls that wait for a thread. */
  readonly queue: number;
  /** Milliseconds that a thread may take for a call, or for its start, before it counts as hung. */
  readonly timeout: number;
  /** Starts a thread. */
  readonly start: () => Worker;
}

/** A call that waits or runs. */
interface Call {
  readonly id: number;
  readonly image: Uint8Array;
  readonly select: 'largest' | 'all';
  readonly align: boolean | undefined;
  /** Fulfils or rejects the promise of the caller, once. */
  settle(result: ImageAnswer | Error): void;
  /** Whether the caller has an answer. */
  isSettled: boolean;
  timer?: NodeJS.Timeout;
}

/** A thread. */
interface Member {
  readonly worker: Worker;
  readonly calls: Map<number, Call>;
  /** Number of calls that it takes; 0 until it has started. */
  parallel: number;
  startTimer?: NodeJS.Timeout;
}

/** Milliseconds until a thread that could not start is started again: first, and at most. */
const restartDelays = [1000, 30_000] as const;

/**
 * Distributes calls over worker threads, each to the least busy one. Replaces threads that die or hang; only their own calls fail.
 */
export class RecognizerPool {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #waiting: Call[] = [];
  readonly #rate = new CompletionRate();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #nextId = 0;
  #restartDelay: number = restartDelays[0];
  #facts: RecognizerFacts | undefined;
  #opening: { resolve(facts: RecognizerFacts): void; reject(error: Error): void } | undefined;
  #drained: (() => void) | undefined;
  #isClosing = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Number of calls that run or wait. */
  get pending(): number {
    let running = 0;
    for (const { calls } of this.#members) running += calls.size;
    return this.#waiting.length + running;
  }

  /** Whether a thread takes calls. */
  get isReady(): boolean {
    return !this.#isClosing && [...this.#members].some(({ parallel }) => parallel > 0);
  }

  /**
   * Starts the threads.
   * @returns what they have loaded, when all have
   * @throws the error of the thread that could not start, with no thread left
   */
  async open(): Promise<RecognizerFacts> {
    const opened = new Promise<RecognizerFacts>((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    for (let index = 0; index < this.#options.workers; index++) this.#startMember();
    try {
      return await opened;
    } catch (error) {
      this.#isClosing = true;
      await this.#terminate();
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  /** As `Recognizer.recognize`. */
  recognize(image: Uint8Array, { select = 'all', align, signal }: RecognizeOptions): Promise<ImageAnswer> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#isClosing) throw new WorkerError('The recognizer is closed.');
      if (this.#members.size === 0) {
        throw new WorkerError('No worker thread runs: all have died, and new ones cannot start yet.');
      }
      if (this.#waiting.length >= this.#options.queue) {
        throw new QueueFullError(this.#rate.secondsFor(this.#waiting.length));
      }
      const abort = () => this.#abort(call, signal!.reason);
      const call: Call = {
        ...{ id: this.#nextId++, image, select, align, isSettled: false },
        settle(result) {
          if (call.isSettled) return;
          call.isSettled = true;
          signal?.removeEventListener('abort', abort);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      signal?.addEventListener('abort', abort);
      this.#waiting.push(call);
      this.#dispatch();
    });
  }

  /** Ends the threads when all accepted calls have ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    if (this.pending > 0 && this.#members.size > 0) {
      const earlier = this.#drained;
      await new Promise<void>((resolve) => {
        this.#drained = () => {
          earlier?.();
          resolve();
        };
      });
    }
    await this.#terminate();
  }

  async #terminate(): Promise<void> {
    const members = [...this.#members];
    this.#members.clear();
    for (const { startTimer } of members) clearTimeout(startTimer);
    await Promise.all(members.map(({ worker }) => worker.terminate()));
  }

  #startMember(): void {
    const member: Member = { worker: this.#options.start(), calls: new Map(), parallel: 0 };
    this.#members.add(member);
    const { worker } = member;
    const die = (reason: unknown) => this.#lose(member, toWorkerError(reason));
    member.startTimer = setTimeout(() => die('it did not start in time'), this.#options.timeout);
    worker.on('message', (reply: WorkerReply) => this.#receive(member, reply));
    worker.on('error', die);
    worker.on('messageerror', die);
    worker.on('exit', (code) => die(`it ended with exit code ${code}`));
  }

  #receive(member: Member, reply: WorkerReply): void {
    if (!this.#members.has(member)) return;
    if (reply.kind === 'failed') this.#lose(member, startError(reply));
    else if (reply.kind === 'ready') this.#welcome(member, reply);
    else {
      const call = member.calls.get(reply.id);
      if (!call) return;
      member.calls.delete(call.id);
      clearTimeout(call.timer);
      this.#rate.add(performance.now(), this.#waiting.length);
      if (reply.kind === 'answer') call.settle(reply.answer);
      else call.settle(new WorkerError(`A worker thread failed: ${reply.text}`));
      this.#dispatch();
    }
  }

  #welcome(member: Member, { kind, parallel, ...facts }: Extract<WorkerReply, { kind: 'ready' }>): void {
    clearTimeout(member.startTimer);
    if (this.#facts && this.#facts.model.fingerprint !== facts.model.fingerprint) {
      const text = `The model ${facts.model.name} has changed since the start: its embeddings differ. Restart.`;
      this.#lose(member, new DataError(text));
      return;
    }
    this.#facts ??= facts;
    member.parallel = parallel;
    this.#restartDelay = restartDelays[0];
    const isComplete = [...this.#members].every((one) => one.parallel > 0);
    if (isComplete) this.#opening?.resolve(this.#facts);
    this.#dispatch();
  }

  /** Gives waiting calls to the least busy threads that take more. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      let least: Member | undefined;
      for (const member of this.#members) {
        const isFree = member.calls.size < member.parallel;
        if (isFree && (!least || member.calls.size < least.calls.size)) least = member;
      }
      if (!least) return;
      this.#send(least, this.#waiting.shift()!);
    }
    if (this.pending === 0) this.#drained?.();
  }

  #send(member: Member, call: Call): void {
    const { id, image, select, align } = call;
    member.calls.set(id, call);
    const seconds = this.#options.timeout / 1000;
    const hang = () => this.#lose(member, toWorkerError(`it gave no answer within ${seconds} s`));
    call.timer = setTimeout(hang, this.#options.timeout);
    // The thread must not get the other contents of a buffer that several images share.
    const isAlone = image.byteOffset === 0 && image.byteLength === image.buffer.byteLength;
    const bytes = isAlone ? image : new Uint8Array(image);
    const task = { kind: 'recognize', id, image: bytes, select, align } satisfies WorkerTask;
    member.worker.postMessage(task, [bytes.buffer as ArrayBuffer]);
  }

  #abort(call: Call, reason: unknown): void {
    call.settle(reason instanceof Error ? reason : new Error(String(reason)));
    const place = this.#waiting.indexOf(call);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      if (this.pending === 0) this.#drained?.();
      return;
    }
    // The thread still counts as busy with it until it answers.
    for (const { worker, calls } of this.#members) {
      if (calls.has(call.id)) worker.postMessage({ kind: 'drop', id: call.id } satisfies WorkerTask);
    }
  }

  /** Removes a thread, whose calls fail, and starts another. */
  #lose(member: Member, error: Error): void {
    if (!this.#members.delete(member)) return;
    clearTimeout(member.startTimer);
    void member.worker.terminate();
    for (const call of member.calls.values()) {
      clearTimeout(call.timer);
      call.settle(error);
    }
    member.calls.clear();
    if (this.#opening) {
      this.#opening.reject(error);
      return;
    }
    if (member.parallel > 0) this.#startMember();
    else if (!this.#isClosing) this.#startLater();
    if (this.#members.size === 0) {
      for (const call of this.#waiting.splice(0)) call.settle(error);
    }
    this.#dispatch();
  }

  /** Starts a thread after a delay that grows: what kept the last one from starting may last. */
  #startLater(): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#startMember();
    }, this.#restartDelay);
    this.#restarts.add(timer.unref());
    this.#restartDelay = Math.min(2 * this.#restartDelay, restartDelays[1]);
  }
}

function toWorkerError(reason: unknown): WorkerError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new WorkerError(`A worker thread that recognises images died: ${text}.`, { cause: reason });
}

/** Returns the error of a thread that could not start, of its own class if the user can mend it. */
function startError({ name, problem, advice }: Extract<WorkerReply, { kind: 'failed' }>): Error {
  const Known = { DataError, ConfigError, EngineError }[name];
  if (Known) return new Known(problem, { advice });
  return new WorkerError(`A worker thread that recognises images cannot start: ${problem}`);
}
