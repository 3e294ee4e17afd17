// Compiles assembly/row-products.ts with AssemblyScript, and writes the module as text to src/row-products-binary.ts, which is small enough
// to be part of the repository. Run it after a change: node packages/gallery/build-products.mjs
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('.', import.meta.url));
const source = join(folder, 'assembly', 'row-products.ts');
const output = join(tmpdir(), `openset-products-${process.pid}.wasm`);

const features = ['--enable', 'simd', '--runtime', 'stub', '--importMemory'];
const { error, stderr } = await asc.main([source, '--outFile', output, '-O3', '--noAssert', ...features]);
if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
const bytes = readFileSync(output);
rmSync(output);

const hash = createHash('sha256').update(readFileSync(source)).digest('hex');
const text = `// Source: ${hash}
// build-products.mjs writes this file from assembly/row-products.ts.

/** The module with \`multiplyRows\`, as base64. It imports its memory as \`env.memory\`. */
export const productsBinary =
  '${bytes.toString('base64')}';
`;
writeFileSync(process.argv[2] ?? join(folder, 'src', 'row-products-binary.ts'), text);
