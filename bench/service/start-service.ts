import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ServiceFacts, ServiceQuestion, ServiceSettings } from './service-process.ts';

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly address: string;
  /** Returns memory, and delays since the last call. */
  measure(): Promise<ServiceFacts>;
  /** Returns the milliseconds of a photo without HTTP. */
  recogniseBare(work: Omit<Extract<ServiceQuestion, { kind: 'bare' }>, 'kind'>): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a service in a process of its own. */
export async function startService(settings: ServiceSettings): Promise<ServiceProcess> {
  const module = new URL('./service-process.ts', import.meta.url);
  const child = fork(module, [JSON.stringify(settings)], { execArgv: process.execArgv });
  const ended = once(child, 'exit');
  const answer = async (): Promise<unknown> => {
    const [reply] = await Promise.race([
      once(child, 'message'),
      ended.then(([code]) => {
        throw new Error(`The service ended with exit code ${code}.`);
      }),
    ]);
    return reply;
  };
  const ask = async <Answer>(question: ServiceQuestion): Promise<Answer> => {
    child.send(question);
    return (await answer()) as Answer;
  };
  const { address } = (await answer()) as { address: string };
  return {
    address,
    measure: () => ask<ServiceFacts>({ kind: 'measure' }),
    recogniseBare: (work) => ask<number>({ kind: 'bare', ...work }),
    async stop() {
      child.send({ kind: 'stop' } satisfies ServiceQuestion);
      await ended;
    },
  };
}
