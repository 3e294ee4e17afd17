// Compiles assembly/ with AssemblyScript and writes the binaries, as text that every bundler takes, to src/generated/.
// `npm ci` runs it in the repository; the published package holds its result.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('.', import.meta.url));
const generated = join(folder, 'src', 'generated');

mkdirSync(generated, { recursive: true });
writeFileSync(
  join(generated, 'binary.ts'),
  `// Made by build-kernels.mjs from assembly/. Both import a shared memory; modules.ts makes versions for a memory of one
// thread of them, which differ in one bit.

/** For every engine with SIMD. */
export const simdBinary = '${await compile([])}';

/** With fused multiply-add, for engines with relaxed SIMD. */
export const relaxedBinary = '${await compile(['--enable', 'relaxed-simd'])}';
`,
);

/** Compiles the assembly; the module as base64 text. */
async function compile(options) {
  const output = join(tmpdir(), `openset-kernels-${process.pid}.wasm`);
  // The module lives in the memory of tfjs-backend-wasm, up to 4 GB, without an allocator of its own.
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
    throw new Error('The module has a data section: it would overwrite the data of tfjs.');
  }
  return bytes.toString('base64');
}

/**
 * Reads a source file; null if it does not exist. The sources write the decorator `@inline` as a comment, because the
 * grammar of TypeScript, which Biome and editors read, has no decorators on functions.
 */
function readSource(name, folder) {
  const path = resolve(folder, name);
  if (!existsSync(path)) return null;
  return readFileSync(path, 'utf8').replaceAll(/^\/\/ @inline$/gm, '@inline');
}

/** The ids of a WebAssembly module's sections, in their order. */
function sectionIds(bytes) {
  const ids = [];
  let place = 8;
  while (place < bytes.length) {
    ids.push(bytes[place++]);
    let length = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes[place++];
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    place += length >>> 0;
  }
  return ids;
}
