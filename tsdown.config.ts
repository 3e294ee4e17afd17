import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { UserConfig } from 'tsdown';

/**
 * Modules of tfjs that built packages import by another name, which `package.json` of `core`, or of the one package that imports the
 * module, maps: for bundlers and browsers to the module itself, for Node to a file that loads it with `require`.
 *
 * Node reads a CommonJS file twice before it runs it for an `import`: to tell its format, and to find its exports. For the bundles of
 * tfjs, 4 MB, that takes twice as long as to run them.
 */
const tfjsNames: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs-core': '@openset/core/tfjs-core',
  '@tensorflow/tfjs-layers': '#tfjs-layers',
  '@tensorflow/tfjs-converter': '#tfjs-converter',
  '@tensorflow/tfjs-backend-wasm': '#tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js': '#tfjs-backend-wasm-program',
  '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js':
    '#tfjs-backend-wasm-threaded-simd-program',
};

/** Returns the plugin of the build that renames the modules, and writes the files for Node. */
function requireTfjsInNode() {
  return {
    name: 'require-tfjs-in-node',
    resolveId: {
      // Before the plugin that leaves dependencies outside.
      order: 'pre' as const,
      handler(specifier: string, importer = '') {
        const id = tfjsNames[specifier];
        return id !== undefined && isRenamedIn(importer, id) ? { id, external: true } : null;
      },
    },
    generateBundle(
      this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): unknown },
      _options: unknown,
      bundle: Readonly<Record<string, { readonly code?: string }>>,
    ) {
      for (const [specifier, name] of Object.entries(tfjsNames)) {
        const isOwn = name.startsWith('#')
          ? Object.values(bundle).some(({ code }) => code?.includes(`"${name}"`))
          : 'tfjs-core.js' in bundle;
        // Without a regular expression: to the loader of this file, `//` in one starts a comment, and it misreads all that follows.
        const fileName = `${name.replace('#', '').split('/').at(-1)}.node.js`;
        if (isOwn) this.emitFile({ type: 'asset', fileName, source: requiringModule(specifier) });
      }
    },
  };
}

/** Whether a source file imports a module by its other name in the build. */
function isRenamedIn(importer: string, name: string): boolean {
  // The declarations of types keep the names that TypeScript knows, and so does the module that re-exports tfjs-core.
  if (/\.d\.ts$|[\\/]core[\\/]src[\\/]tfjs-core\.ts$/.test(importer)) return false;
  if (!name.startsWith('#')) return true;
  const [folder] = /^.*[\\/]packages[\\/][^\\/]+[\\/]/.exec(importer) ?? [];
  const { imports = {} } = folder ? JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) : {};
  return name in imports;
}

/** Returns the text of a module with the exports of a CommonJS module, which it loads with `require`. */
function requiringModule(specifier: string): string {
  const loaded: unknown = createRequire(import.meta.url)(specifier);
  const exported =
    typeof loaded === 'function'
      ? 'default loaded'
      : `const { ${Object.keys(loaded as object).join(', ')} } = loaded`;
  // The loader of this file would replace the words `import.meta.url` if they stood together.
  return `import { createRequire } from 'node:module';
const loaded = createRequire(${'import.meta'}.url)('${specifier}');
export ${exported};
`;
}

/** The one build configuration: every package is ESM only, built from `src/index.ts` with its types. */
export const libraryBuild: UserConfig = {
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  tsconfig: join(import.meta.dirname, 'tsconfig.build.json'),
  // A build of all packages takes their types from one TypeScript program.
  dts: { eager: process.cwd() === import.meta.dirname },
  sourcemap: true,
  failOnWarn: true,
  fixedExtension: false,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
  plugins: [requireTfjsInNode()],
};

/** `tsdown` in the root folder builds every package. */
export default { workspace: ['packages/*'] } satisfies UserConfig;
