import { libraryBuild } from '../../tsdown.config.ts';

const build = { ...libraryBuild, external: [/^node:/] };

export default [
  { ...build, entry: ['src/index.ts', 'src/node.ts'], clean: ['dist/*', '!dist/decode-worker.*'] },
  // The loader starts the worker from a separate file next to `node.js`. The worker bundles the functions of core that
  // it uses, so that threads do not load all of tfjs-core, start faster and have less garbage to collect.
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
