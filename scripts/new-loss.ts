// Writes a package with a loss that passes all checks, as a start for your own loss: npm run new-loss NAME
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'skip-install': { type: 'boolean', default: false } },
});
const [name = ''] = positionals;
const folder = join(root, 'packages', name);

if (positionals.length !== 1 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  fail(`'${positionals.join(' ')}' is not a name in kebab-case. Pass one, such as my-loss.`);
}
if (existsSync(folder)) fail(`packages/${name} already exists. Choose another name.`);

// `my-loss` and `my` both become `MyLoss`, in my-loss.ts.
const stem = name.replace(/-loss$/, '');
const pascal = stem.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);

cpSync(join(import.meta.dirname, 'loss-template'), folder, { recursive: true });
for (const path of filesBelow(folder)) {
  const text = readFileSync(path, 'utf8')
    .replaceAll('@openset/template', `@openset/${name}`)
    .replaceAll('TemplateLoss', `${pascal}Loss`)
    .replaceAll('templateDescriptor', `${camel}Descriptor`)
    // As a key, a word with a hyphen needs quotes; Biome removes them from the others.
    .replaceAll('{ template: {', `{ '${stem}': {`)
    .replaceAll('template', stem);
  writeFileSync(path, text);
  const renamed = path.replace(/template-loss(?=[^/\\]*$)/, `${stem}-loss`);
  if (renamed !== path) renameSync(path, renamed);
}
run('npx', ['biome', 'check', '--write', folder]);
if (!values['skip-install']) {
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund']);
  run('npm', ['run', '--silent', 'architecture']);
}

console.log(`Wrote ${pascal}Loss to packages/${name}. Next steps:
  1. Write options, descriptor and class in packages/${name}/src/${stem}-loss.ts.
  2. Add tests to packages/${name}/src/${stem}-loss.test.ts, and run them:  npx vitest run packages/${name}
  3. Train with it:  npx openset train --data FACES --loss ./packages/${name}/src/index.ts#${pascal}Loss
See docs/add-a-loss.md for details, and for making the loss a word of --loss.`);

function run(program: string, parameters: string[]): void {
  const { status } = spawnSync(program, parameters, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    fail(`Wrote packages/${name}, but '${program} ${parameters.join(' ')}' failed. Run it again.`);
}

function filesBelow(parent: string): string[] {
  return readdirSync(parent).flatMap((entry) => {
    const path = join(parent, entry);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function fail(message: string): never {
  console.error(`new-loss: ${message}`);
  process.exit(2);
}
