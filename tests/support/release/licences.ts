import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../workspace.ts';

/** Licences that allow use in any program; LGPL for libraries that are linked when the program runs, such as libvips of sharp. */
const allowed =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0|LGPL-3\.0-or-later|WTFPL)$/;

/** Counts the packages in `node_modules` of a project by licence. @throws Error that names those with another licence or none */
export function countLicences(project: string): Map<string, number> {
  const counts = new Map<string, number>();
  const others: string[] = [];
  for (const folder of installedPackages(join(project, 'node_modules'))) {
    const { name, version, license } = readManifest(folder) as ReturnType<typeof readManifest> & {
      license?: unknown;
    };
    const text = String(license ?? 'none').replace(/[()]/g, '');
    const isAllowed = text
      .split(' OR ')
      .some((choice) => choice.split(' AND ').every((part) => allowed.test(part)));
    if (!isAllowed) others.push(`${name}@${version}: ${text}`);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  if (others.length > 0)
    throw new Error(`These packages have licences that are not allowed: ${others.join(', ')}.`);
  return counts;
}

function installedPackages(modules: string): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((it) => join(name, it)) : [name],
    )
    .map((name) => join(modules, name))
    .flatMap((folder) => [folder, ...installedPackages(join(folder, 'node_modules'))]);
}
