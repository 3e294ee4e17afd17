import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Work for PyTorch: a name that pytorch/serve.py knows, and its options. */
export interface PyTorchWork {
  readonly name: 'loss' | 'matmul' | 'run' | 'train' | 'update';
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** A Python process that runs work on request, so that runs of PyTorch and of openset can alternate. */
export class PyTorch {
  private readonly python: string;
  private readonly threads: number;
  private child: ChildProcessWithoutNullStreams | null = null;
  private answers: AsyncIterator<string> | null = null;

  /** @param python path of an interpreter that can import torch */
  constructor(python: string, threads: number) {
    this.python = python;
    this.threads = threads;
  }

  /** Checks whether the interpreter exists and can import torch. */
  async isAvailable(): Promise<boolean> {
    try {
      await this.begin({ name: 'matmul', options: { size: 8, transposeA: false, transposeB: false } });
      return true;
    } catch {
      return false;
    } finally {
      this.end();
    }
  }

  /** Prepares work in a new process, so that earlier work neither slows it down nor speeds it up. */
  async begin({ name, options }: PyTorchWork): Promise<void> {
    this.end();
    const child = spawn(this.python, [join(import.meta.dirname, 'pytorch', 'serve.py')]);
    const lines = createInterface({ input: child.stdout });
    // A missing interpreter gives no answers; `ask` reports it.
    child.on('error', () => lines.close());
    child.stdin.on('error', () => {});
    this.child = child;
    this.answers = lines[Symbol.asyncIterator]();
    await this.ask({ setup: name, options, threads: this.threads });
  }

  /** Runs the work once. @returns milliseconds */
  async step(): Promise<number> {
    return (await this.ask({ step: true })).milliseconds as number;
  }

  /** Runs the work once. @returns what the work returns */
  async run<Result>(): Promise<Result> {
    return (await this.ask({ run: true })).result as Result;
  }

  /** Runs the work once. @returns the growth of the resident memory meanwhile, in megabytes */
  async memory(): Promise<number> {
    return (await this.ask({ memory: true })).megabytes as number;
  }

  /** Ends the process. */
  end(): void {
    this.child?.kill();
    this.child = null;
  }

  private async ask(
    request: object,
  ): Promise<{ milliseconds?: number; megabytes?: number; result?: unknown }> {
    this.child?.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.answers?.next();
    if (!answer || answer.done)
      throw new Error(`${this.python} ended without an answer. Can it import torch?`);
    return JSON.parse(answer.value);
  }
}
