import { readdirSync, readFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Minutes that a test may take, and what comes before the first of a file; with all cases of `test:long`, more. */
const patience = process.env.OPENSET_TEST_LONG === '1' ? 30 : 10;

/**
 * Ends a run in which a test hangs, which time limits of tests cannot do: they wait for the code that hangs. Prints the file,
 * the last test that it started, and what its worker process does, and kills the workers.
 */
export default class StallReporter implements Reporter {
  private readonly running = new Map<string, { readonly start: number; readonly test: string }>();

  onInit(): void {
    const timer = setInterval(() => {
      const stalled = [...this.running].filter(([, { start }]) => start < Date.now() - patience * 60_000);
      if (stalled.length === 0) return;
      for (const [file, { test }] of stalled) {
        console.error(`\nGiving up: nothing for ${patience} minutes: ${file}, ${test}`);
      }
      for (const { pid, text } of childProcesses()) {
        console.error(`process ${pid}: ${text}`);
        process.kill(pid, 'SIGKILL');
      }
      process.exit(1);
    }, 5000);
    timer.unref();
  }

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.running.set(relativeModuleId, { start: Date.now(), test: 'no test yet' });
  }

  onTestCaseReady({ module, fullName }: TestCase): void {
    this.running.set(module.relativeModuleId, { start: Date.now(), test: fullName });
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.running.delete(relativeModuleId);
  }
}

/** Returns the child processes, and their state and processor time; none where the system has no /proc. */
function childProcesses(): { readonly pid: number; readonly text: string }[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      // The name of the program, in brackets, may contain spaces.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      const [state, parent, , , , , , , , , , user, system] = fields;
      if (Number(parent) !== process.pid) return [];
      const seconds = Math.round((Number(user) + Number(system)) / 100);
      return [{ pid: Number(name), text: `state ${state}, ${seconds} s of processor time` }];
    } catch {
      return [];
    }
  });
}
