import { ConfigError } from '@openset/core';
import type { Communicator } from './communicator.ts';

/**
 * Checks that all ranks have the same facts, such as versions of packages and hashes of options and data.
 * @param facts texts by what they are; in messages
 * @throws ConfigError on all ranks, naming the first fact that differs, its values and the ranks
 */
export async function checkSameOnAllRanks(
  communicator: Communicator,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  const own = new TextEncoder().encode(JSON.stringify({ facts, host: communicator.hostName }));
  const all = (await communicator.allGatherVarying(own)).map(
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as { facts: Record<string, string>; host: string },
  );
  const [first] = all;
  for (const name of new Set(all.flatMap((one) => Object.keys(one.facts)))) {
    const other = all.findIndex((one) => one.facts[name] !== first!.facts[name]);
    if (other < 0) continue;
    const described = [0, other].map((rank) => {
      const { facts: found, host } = all[rank]!;
      const value = found[name];
      return `${value === undefined ? 'missing' : `'${value}'`} on rank ${rank} (${host})`;
    });
    throw new ConfigError(
      `The ranks differ in ${name}: ${described.join(', but ')}. All ranks must run the same program with the same options and data.`,
    );
  }
}
