import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { rootFolder } from '../workspace.ts';

/** A registry on this machine for the packages of this repository. All others come from the registry that npm is configured for. */
export interface LocalRegistry {
  readonly address: string;
  /** Content of the file `.npmrc` of a project that installs from the registry. */
  readonly projectConfig: string;
  /** Variables for npm to publish to it. They replace the user's own settings. */
  readonly publishing: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Starts a registry without packages in a folder, on a free port. */
export async function startLocalRegistry(folder: string): Promise<LocalRegistry> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/`;
  mkdirSync(folder, { recursive: true });
  // YAML is a superset of JSON.
  const config = {
    storage: join(folder, 'storage'),
    uplinks: {},
    packages: { '@openset/*': { access: '$all', publish: '$anonymous' } },
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
    projectConfig: `@openset:registry=${address}\n`,
    publishing: { npm_config_registry: address, npm_config_userconfig: userConfig },
    stop: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}
