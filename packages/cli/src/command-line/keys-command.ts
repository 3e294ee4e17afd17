import { type Command, InvalidArgumentError } from 'commander';
import { addCommand, type CommonOptions, runCommand } from './command-builder.ts';

/** Options of every command on keys. */
interface KeysOptions extends CommonOptions {
  readonly keys: string;
}

const scopeNames = ['read', 'enroll', 'admin'] as const;

/** Adds `openset keys create`, `list` and `remove`. */
export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('create, list and remove the API keys of openset serve: create, list, remove');
  const withFile = (command: Command) =>
    command.option('--keys <file>', 'file of API keys, which has only their hashes', 'openset-keys.json');

  const create = addCommand(keys, {
    name: 'create',
    description: 'create a key and print it, this once; services use it within a second',
    example: 'openset keys create front-door --scopes read\nopenset serve --keys openset-keys.json',
  })
    .argument('<name>', 'name of the key, unique in the file')
    .option(
      '--scopes <list>',
      'what it allows, with commas: read recognises and lists, enroll changes people, admin everything',
      scopesParser,
      ['read'],
    );
  withFile(create).action(
    async (name: string, options: KeysOptions & { readonly scopes: (typeof scopeNames)[number][] }) => {
      const { createApiKey } = await import('../commands/keys.ts');
      await runCommand(options, () => createApiKey({ ...options, name }));
    },
  );

  const list = addCommand(keys, {
    name: 'list',
    description: 'list the keys: names, scopes and times of creation',
    example: 'openset keys list',
  });
  withFile(list).action(async (options: KeysOptions) => {
    const { listApiKeys } = await import('../commands/keys.ts');
    await runCommand(options, () => listApiKeys(options));
  });

  const remove = addCommand(keys, {
    name: 'remove',
    description: 'remove a key; services refuse it within a second',
    example: 'openset keys remove front-door',
    exitCodes: '0 removed, 1 there is no such key, 2 error, 3 bug in openset',
  }).argument('<name>', 'name of the key');
  withFile(remove).action(async (name: string, options: KeysOptions) => {
    const { removeApiKey } = await import('../commands/keys.ts');
    await runCommand(options, () => removeApiKey({ ...options, name }));
  });
}

function scopesParser(text: string): (typeof scopeNames)[number][] {
  const words = text.split(',').map((word) => word.trim());
  const scopes = scopeNames.filter((scope) => words.includes(scope));
  if (scopes.length > 0 && scopes.length === words.length) return scopes;
  throw new InvalidArgumentError(`It must be one or several of ${scopeNames.join(', ')}.`);
}
