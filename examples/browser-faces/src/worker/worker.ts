import { ConfigError, OpenSetError } from '@openset/core';
import { startBackend } from '@openset-examples/browser-page/backends.ts';
import { type Answers, answerCalls } from '@openset-examples/browser-page/worker-calls.ts';
import type { FacesFunctions, Sight } from '../functions.ts';
import { type FaceNetworks, loadNetworks } from './load-network.ts';
import { look } from './look.ts';

// The program of the worker: finds and recognises faces, one picture at a time.

let networks: FaceNetworks | null = null;
let last: Promise<unknown> = Promise.resolve();

const answers: Answers<FacesFunctions> = {
  async start(request) {
    const backend = await startBackend(request);
    networks = await loadNetworks(request.modelsAddress);
    return { ...backend, ...networks.facts };
  },
  look(request) {
    const sight = last.then(() => {
      if (!networks) throw new ConfigError('The networks are not loaded yet. Wait for the backend.');
      return look(networks, request);
    });
    last = sight.catch(() => {});
    return sight;
  },
};

answerCalls(answers, errorText, (result) => {
  const { picture } = result as Partial<Sight>;
  return picture ? [picture] : [];
});

/** Returns what went wrong; other errors than our own are bugs or limits of the browser. */
function errorText(error: unknown): string {
  if (error instanceof OpenSetError) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `${text.replace(/\.?$/, '.')} Try again, or choose another backend.`;
}
