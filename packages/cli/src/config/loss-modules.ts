import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, createLoss, didYouMean, isLossDescriptor, type LossDescriptor } from '@openset/core';
import { useBackend } from '../backends.ts';
import { losses } from '../losses.ts';

/** Descriptors from modules that this process has loaded, by absolute reference. */
const loaded = new Map<string, LossDescriptor>();

/** Returns the descriptors of all losses: those of this repository, and those of loaded modules. */
export function knownLosses(): readonly LossDescriptor[] {
  return [...losses, ...new Set(loaded.values())];
}

/** Returns the descriptor that `loadLossModule` loaded for a reference; undefined if it loaded none. */
export function loadedLoss(reference: string): LossDescriptor | undefined {
  return loaded.get(absoluteReference(reference));
}

/** Returns whether a value of `--loss` has the form `MODULE#EXPORT`, so that it is not a word. */
export function isModuleReference(text: string): boolean {
  return text.includes('#');
}

/** Returns a reference that is valid in every working folder: a file by its absolute path, a package by its name. */
export function absoluteReference(reference: string): string {
  const { module, name } = splitReference(reference);
  return `${isFile(module) ? resolve(module) : module}#${name}`;
}

/**
 * Loads a loss from a file or an installed package, and returns its descriptor. The export is a `LossDescriptor`, or a class
 * whose descriptor the module also exports.
 *
 * @param reference `./my-loss.js#MyLoss` or `some-package#MyLoss`
 * @throws ConfigError if the module cannot be loaded, if it has no such export (suggesting the nearest name) or no descriptor
 *   for it, if another loss has the same name, or if the descriptor does not create its class
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
      `'${module}': another loss has the name '${descriptor.name}'. Rename the class and its descriptor.`,
    );
  }
  await checkCreates(descriptor, module);
  loaded.set(key, descriptor);
  return descriptor;
}

function splitReference(reference: string): { module: string; name: string } {
  const at = reference.lastIndexOf('#');
  const [module, name] = [reference.slice(0, at), reference.slice(at + 1)];
  if (at > 0 && name !== '') return { module, name };
  throw new ConfigError(
    `'${reference}' names no loss of a module. Write MODULE#EXPORT, such as ./my-loss.js#MyLoss.`,
  );
}

function isFile(module: string): boolean {
  return /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(module) || existsSync(module);
}

async function importModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  if (isFile(module) && !existsSync(module)) {
    throw new ConfigError(`Cannot load a loss from '${module}': the file does not exist.`);
  }
  const address = isFile(module) ? pathToFileURL(resolve(module)).href : packageAddress(module);
  try {
    return await importWithTypeScript(address);
  } catch (error) {
    const { code, message = String(error) } = error as NodeJS.ErrnoException;
    const isTypeScript = code === 'ERR_UNKNOWN_FILE_EXTENSION';
    const remedy = isTypeScript ? ' To load TypeScript, use Node 22.18 or newer, or install tsx.' : '';
    throw new ConfigError(`Cannot load '${module}': ${message.split('\n')[0]}.${remedy}`, {
      cause: error,
    });
  }
}

/** Imports a module. Node before 22.18 needs the loader of tsx for TypeScript. */
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

/** Returns the address of a package as seen from the working folder, because openset may be installed elsewhere. */
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
      `'${module}' exports '${name}', but no LossDescriptor. Export one as well; docs/add-a-loss.md shows how.`,
    );
  }
  const own = descriptors.find((descriptor) => descriptor.name === name);
  if (own) return own;
  const found = descriptors.map((descriptor) => descriptor.name);
  throw new ConfigError(
    `'${module}' has no descriptor for the class '${name}', only for ${found.join(', ')}.${didYouMean(name, found)} ` +
      'Give class and descriptor the same name.',
  );
}

/** Creates a small loss, so that a wrong descriptor is rejected before training starts. */
async function checkCreates(descriptor: LossDescriptor, module: string): Promise<void> {
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
