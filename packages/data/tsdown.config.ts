import { libraryBuild } from '../../tsdown.config.ts';

const build = { ...libraryBuild, external: [/^node:/] };

export default [
  { ...build, entry: ['src/index.ts', 'src/node.ts'], clean: ['dist/*', '!dist/decode-worker.*'] },
  // The worker is started by the loader as a file of its own, beside `node.js`. It brings what it needs of core with
  // it, so that no thread loads all of tfjs-core: a thread starts faster, and collecting its garbage takes less time.
  {
    ...build,
    entry: { 'decode-worker': 'src/loading/decode-worker.ts' },
    noExternal: ['@openset/core'],
    inputOptions: { resolve: { conditionNames: ['@openset/source', 'import', 'default'] } },
    treeshake: { moduleSideEffects: false },
    dts: false,
    clean: false,
  },
];
