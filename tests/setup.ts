import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import type { BackendName } from '../packages/cli/src/backend-names.ts';
import { useBackend } from '../packages/cli/src/backends.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether tests run at full strength, which takes long. */
    readonly long: boolean;
  }
}

// Looking for the smallest counterexample can take hours, and time limits of tests do not end a computation.
fc.configureGlobal({ interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true });

// Without it, the cpu backend advertises tfjs-node in every test file.
tf.enableProdMode();

// More backends, where their packages are installed: OPENSET_TEST_BACKENDS=node,webgpu npx vitest run packages/uss
const more = (process.env.OPENSET_TEST_BACKENDS?.split(',') ?? []) as BackendName[];
for (const name of more) await useBackend(name);

// Test files share processes, so an earlier file may have registered its own backend.
const own = ['cpu', 'wasm', ...more.map((name) => (name === 'node' ? 'tensorflow' : name))];
for (const name of Object.keys(tf.engine().registryFactory)) if (!own.includes(name)) tf.removeBackend(name);
