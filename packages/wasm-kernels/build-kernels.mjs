// Compiles assembly/ with AssemblyScript, and writes the binaries to src/generated/ as text that every bundler accepts.
// `npm ci` runs this script in the repository. The published package contains the result.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const generated = join(folder, 'src', 'generated');
const binaries = join(generated, 'binary.ts');
const sourcesLine = `// Sources: ${hashSources()}\n`;

// `--if-stale` skips the build unless sources have changed since the last one.
const isFresh = existsSync(binaries) && readFileSync(binaries, 'utf8').startsWith(sourcesLine);
if (!(isFresh && process.argv.includes('--if-stale'))) await build();

async function build() {
  const { default: asc } = await import('assemblyscript/asc');
  const text = `${sourcesLine}// build-kernels.mjs generates this file from assembly/. Both binaries import a shared memory. kernel-modules.ts changes
// one bit to make versions for unshared memory.

/** The kernels for every engine with SIMD. */
export const simdBinary = '${await compile(asc, [])}';

/** The kernels with fused multiply-add, for engines with relaxed SIMD. */
export const relaxedBinary = '${await compile(asc, ['--enable', 'relaxed-simd'])}';
`;
  mkdirSync(generated, { recursive: true });
  // Renaming replaces the file at one instant, so no reader sees a partial one.
  writeFileSync(`${binaries}.${process.pid}`, text);
  renameSync(`${binaries}.${process.pid}`, binaries);
}

/** Returns a hash of all sources that AssemblyScript compiles, and of this script. */
function hashSources() {
  const assembly = readdirSync(join(folder, 'assembly')).map((name) => join('assembly', name));
  const shared = readdirSync(join(folder, 'src'))
    .filter((name) => /(task-ids|words)\.ts$/.test(name))
    .map((name) => join('src', name));
  const hash = createHash('sha256');
  for (const path of [...assembly, ...shared, 'build-kernels.mjs'].sort()) {
    hash.update(path).update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex');
}

/** Compiles the assembly, and returns the module as base64 text. */
async function compile(asc, options) {
  const output = join(tmpdir(), `openset-kernels-${process.pid}.wasm`);
  // The module uses the memory of tfjs-backend-wasm, up to 4 GB, and has no allocator.
  const memory = ['--importMemory', '--runtime', 'stub', '--maximumMemory', '65536'];
  const shared = ['--sharedMemory', '--initialMemory', '1', '--enable', 'threads'];
  const features = ['--enable', 'simd', '--enable', 'bulk-memory'];
  const entry = join(folder, 'assembly', 'index.ts');
  const { error, stderr } = await asc.main(
    [
      ...[entry, '--outFile', output, '-O3', '--noAssert'],
      ...[...memory, ...shared, ...features, ...options],
    ],
    { readFile: readSource },
  );
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  const bytes = readFileSync(output);
  rmSync(output);
  if (sectionIds(bytes).some((id) => id === 11 || id === 12)) {
    throw new Error(
      'The module has a data section, which would overwrite the data of tfjs. Remove static data from assembly/.',
    );
  }
  return bytes.toString('base64');
}

/**
 * Returns the text of a source file, or null if it does not exist. The sources write the decorator `@inline` as a comment,
 * because TypeScript, which Biome and editors parse, has no decorators on functions.
 */
function readSource(name, folder) {
  const path = resolve(folder, name);
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8');
  const unknown = text
    .match(/\/\/ *@.*\n.*/g)
    ?.find((lines) => !/^\/\/ @inline\n(export )?function /.test(lines));
  if (unknown) {
    throw new Error(
      `${name} has the directive "${unknown.split('\n')[0]}". Write "// @inline" on the line before a function.`,
    );
  }
  return text.replaceAll(/^\/\/ @inline$/gm, '@inline');
}

/** Returns the ids of a WebAssembly module's sections, in order. */
function sectionIds(bytes) {
  const ids = [];
  let position = 8;
  while (position < bytes.length) {
    ids.push(bytes[position++]);
    let length = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes[position++];
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    position += length >>> 0;
  }
  return ids;
}
