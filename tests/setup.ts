import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { type BackendName, useBackend } from '../packages/cli/src/backends.ts';

// Without it the cpu backend greets every test file with an advertisement for tfjs-node.
enableProdMode();

// More backends, where their packages are installed: OPENSET_TEST_BACKENDS=node,webgpu npx vitest run packages/uss
for (const name of process.env.OPENSET_TEST_BACKENDS?.split(',') ?? []) await useBackend(name as BackendName);
