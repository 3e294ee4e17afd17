export { publish, serve, stop, wait, work } from './pool';
export { runChunk, scratchBytes } from './tasks';
