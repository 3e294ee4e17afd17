import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Work for PyTorch: a name that pytorch/serve.py knows, and what it is told. */
export interface PyTorchWork {
  readonly name: 'loss' | 'matmul' | 'train';
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** A Python process that does work when it is told to, so that runs of PyTorch and of openset take turns. */
export class PyTorch {
  private readonly python: string;
  private readonly threads: number;
  private child: ChildProcessWithoutNullStreams | null = null;
  private answers: AsyncIterator<string> | null = null;

  /** @param python the interpreter that has torch */
  constructor(python: string, threads: number) {
    this.python = python;
    this.threads = threads;
  }

  /** Whether the interpreter is there and has torch. */
  async isThere(): Promise<boolean> {
    try {
      await this.begin({ name: 'matmul', options: { size: 8, transposeA: false, transposeB: false } });
      return true;
    } catch {
      return false;
    } finally {
      this.end();
    }
  }

  /** Prepares work, in a process of its own: what earlier work left behind costs it nothing and gives it nothing. */
  async begin({ name, options }: PyTorchWork): Promise<void> {
    this.end();
    const child = spawn(this.python, [join(import.meta.dirname, 'pytorch', 'serve.py')]);
    // A missing interpreter ends the output, which `ask` reports.
    child.on('error', () => child.stdout.destroy());
    child.stdin.on('error', () => {});
    this.child = child;
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await this.ask({ setup: name, options, threads: this.threads });
  }

  /** Does the work once. @returns milliseconds */
  async step(): Promise<number> {
    return (await this.ask({ step: true })).milliseconds as number;
  }

  /** Does the work once. @returns by how many megabytes the resident memory rose meanwhile */
  async memory(): Promise<number> {
    return (await this.ask({ memory: true })).megabytes as number;
  }

  end(): void {
    this.child?.kill();
    this.child = null;
  }

  private async ask(request: object): Promise<{ milliseconds?: number; megabytes?: number }> {
    this.child?.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.answers?.next();
    if (!answer || answer.done) throw new Error(`${this.python} ended; does it have torch?`);
    return JSON.parse(answer.value);
  }
}
