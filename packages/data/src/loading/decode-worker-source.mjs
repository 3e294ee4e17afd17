// Runs the worker thread from its TypeScript source inside the repository; worker threads do not inherit tsx.
import { register } from 'tsx/esm/api';

register();
await import('./decode-worker.ts');
