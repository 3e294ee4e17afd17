import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootFolder } from '../../tests/support/workspace.ts';

/** A registry of npm packages on this machine. It has nothing of `@openset/` but what is published to it. */
export interface LocalRegistry {
  readonly address: string;
  /** Variables for npm to install from the registry. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables for npm to publish to it. They replace the user's own settings. */
  readonly publishing: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a registry in a folder, on a free port.
 * @param upstream address of the registry that has all other packages
 */
export async function startLocalRegistry(folder: string, upstream: string): Promise<LocalRegistry> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/`;
  mkdirSync(folder, { recursive: true });
  // YAML is a superset of JSON.
  const config = {
    storage: join(folder, 'storage'),
    uplinks: { configured: { url: upstream, timeout: '60s', max_fails: 10 } },
    packages: {
      '@openset/*': { access: '$all', publish: '$anonymous' },
      '**': { access: '$all', proxy: 'configured' },
    },
    max_body_size: '100mb',
    web: { enable: false },
    log: { type: 'stdout', level: 'warn' },
  };
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  const userConfig = join(folder, 'npmrc');
  // npm publishes only with a token; to the registry, one that it does not know is anonymous.
  writeFileSync(userConfig, `registry=${address}\n//127.0.0.1:${port}/:_authToken=anonymous\n`);

  const program = join(rootFolder, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const child = spawn(
    process.execPath,
    [program, '--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  while (!(await fetch(`${address}-/ping`).catch(() => null))?.ok) {
    if (child.exitCode !== null) throw new Error(`The local registry does not start:\n${output}`);
    await sleep(100);
  }
  return {
    address,
    environment: { npm_config_registry: address },
    publishing: { npm_config_registry: address, npm_config_userconfig: userConfig },
    stop: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
