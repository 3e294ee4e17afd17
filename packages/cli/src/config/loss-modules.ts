import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, createLoss, didYouMean, isLossDescriptor, type LossDescriptor } from '@openset/core';
import { useBackend } from '../backends.ts';
import { losses } from '../losses.ts';

/** Losses of modules loaded in this process, by reference. */
const loaded = new Map<string, LossDescriptor>();

/** Returns the descriptors of all losses: those of this repository, and those of modules loaded so far. */
export function knownLosses(): readonly LossDescriptor[] {
  return [...losses, ...new Set(loaded.values())];
}

/** Returns the descriptor that `loadLossModule` has loaded; undefined if there is none. */
export function loadedLoss(reference: string): LossDescriptor | undefined {
  return loaded.get(absoluteReference(reference));
}

/** Whether a `--loss` names a module, `MODULE#EXPORT`, rather than a word. */
export function isModuleReference(text: string): boolean {
  return text.includes('#');
}

/** Returns a reference that holds in every folder: files by their absolute path, packages by their name. */
export function absoluteReference(reference: string): string {
  const { module, name } = splitReference(reference);
  return `${isFile(module) ? resolve(module) : module}#${name}`;
}

/**
 * Loads a loss from a file or an installed package. The export is a `LossDescriptor`, or a class whose descriptor the
 * module exports too.
 *
 * @param reference `./my-loss.js#MyLoss` or `some-package#MyLoss`
 * @throws ConfigError if the module cannot be loaded, has no such export or no descriptor for it, or if the descriptor makes
 *   another class; the message names the nearest export
 */
export async function loadLossModule(reference: string): Promise<LossDescriptor> {
  const key = absoluteReference(reference);
  const known = loaded.get(key);
  if (known) return known;
  const { module, name } = splitReference(key);
  const exports = await importModule(module);
  const descriptor = findExport(exports, module, name);
  if (knownLosses().some((one) => one.name === descriptor.name && one !== descriptor)) {
    throw new ConfigError(
      `'${module}': the name '${descriptor.name}' is taken by another loss; choose a different one.`,
    );
  }
  await tryLoss(descriptor, module);
  loaded.set(key, descriptor);
  return descriptor;
}

function splitReference(reference: string): { module: string; name: string } {
  const at = reference.lastIndexOf('#');
  const [module, name] = [reference.slice(0, at), reference.slice(at + 1)];
  if (at > 0 && name !== '') return { module, name };
  throw new ConfigError(
    `A loss from a module is written MODULE#EXPORT, as ./my-loss.js#MyLoss, but is '${reference}'.`,
  );
}

function isFile(module: string): boolean {
  return /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(module) || existsSync(module);
}

async function importModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  if (isFile(module) && !existsSync(module)) {
    throw new ConfigError(`There is no file '${module}' to load a loss from.`);
  }
  const address = isFile(module) ? pathToFileURL(resolve(module)).href : packageAddress(module);
  try {
    return await importWithTypeScript(address);
  } catch (error) {
    const { code, message = String(error) } = error as NodeJS.ErrnoException;
    const isTypeScript = code === 'ERR_UNKNOWN_FILE_EXTENSION';
    const remedy = isTypeScript ? ' For TypeScript, install tsx, or use Node 22.18 or newer.' : '';
    throw new ConfigError(`'${module}' cannot be loaded: ${message.split('\n')[0]}.${remedy}`, {
      cause: error,
    });
  }
}

/** Node before 22.18 needs the loader of tsx for TypeScript. */
async function importWithTypeScript(address: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    try {
      await import(packageAddress('tsx'));
    } catch {
      throw error;
    }
    // Node remembers that the address itself failed.
    return await import(`${address}?typescript`);
  }
}

/** Looks in the working folder first, as openset may be installed elsewhere. */
function packageAddress(name: string): string {
  try {
    return pathToFileURL(createRequire(join(process.cwd(), 'package.json')).resolve(name)).href;
  } catch {
    return name;
  }
}

function findExport(
  exports: Readonly<Record<string, unknown>>,
  module: string,
  name: string,
): LossDescriptor {
  const value = exports[name];
  const names = Object.keys(exports);
  if (value === undefined) {
    throw new ConfigError(
      `'${module}' has no export '${name}'.${didYouMean(name, names)} It exports ${names.join(', ') || 'nothing'}.`,
    );
  }
  if (isLossDescriptor(value)) return value;
  const descriptors = Object.values(exports).filter(isLossDescriptor);
  if (descriptors.length === 0) {
    throw new ConfigError(
      `'${module}' exports no LossDescriptor beside '${name}'. Export one; docs/add-a-loss.md shows how.`,
    );
  }
  const own = descriptors.find((descriptor) => descriptor.name === name);
  if (own) return own;
  const found = descriptors.map((descriptor) => descriptor.name);
  throw new ConfigError(
    `'${module}' has no descriptor of the class '${name}', only of ${found.join(', ')}.${didYouMean(name, found)} ` +
      'Give class and descriptor one name.',
  );
}

/** Makes a small loss, so that a descriptor of another class is refused before anything runs. */
async function tryLoss(descriptor: LossDescriptor, module: string): Promise<void> {
  await useBackend('cpu');
  const [word] = Object.values(descriptor.words);
  const config = { ...word?.options(2), loss: descriptor.name };
  try {
    createLoss(config, [...knownLosses(), descriptor], {
      numClasses: 2,
      embeddingSize: 2,
      seed: 0,
    }).dispose();
  } catch (error) {
    throw new ConfigError(`'${module}': ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
