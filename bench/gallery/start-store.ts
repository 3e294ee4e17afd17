import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { StoreAnswer, StoreQuestion, StoreSettings } from './store-process.ts';

/** A store in a process of its own. */
export interface StoreProcess {
  ask(question: Extract<StoreQuestion, { kind: 'search' }>): Promise<StoreAnswer>;
  ask(question: StoreQuestion): Promise<number>;
}

/** Starts a process for a store. It ends after the questions `fill` and `close`. */
export function startStore(settings: StoreSettings): StoreProcess {
  const module = new URL('./store-process.ts', import.meta.url);
  const execArgv = [...process.execArgv, '--expose-gc'];
  const child = fork(module, [JSON.stringify(settings)], { execArgv });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The process of ${settings.store} ended with exit code ${code}.`);
  });
  ended.catch(() => {});
  const ask = async (question: StoreQuestion) => {
    const message = once(child, 'message');
    child.send(question);
    const [{ result, error }] = await Promise.race([message, ended]);
    if (error) throw new Error(`${settings.store}: ${error}`);
    return result;
  };
  return { ask } as StoreProcess;
}
