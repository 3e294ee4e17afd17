// Runs a worker thread from its TypeScript source inside the repository. Worker threads do not inherit tsx.
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
