import { cpus } from 'node:os';

/** Returns the processor, the number of cores and the version of Node as text. */
export function describeMachine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'Unknown processor'}, ${processors.length} cores, Node ${process.versions.node}`;
}
