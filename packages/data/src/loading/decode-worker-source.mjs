// Starts the worker thread from its TypeScript source, for work in the repository: Node does not hand tsx on to threads.
import { register } from 'tsx/esm/api';

register();
await import('./decode-worker.ts');
