import { cpus } from 'node:os';

/** The processor, the number of cores and the version of Node. */
export function machine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'Unknown processor'}, ${processors.length} cores, Node ${process.versions.node}`;
}
