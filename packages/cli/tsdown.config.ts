import { libraryBuild } from '../../tsdown.config.ts';

export default {
  ...libraryBuild,
  platform: 'node',
  // Worker threads of `align` start from a file of their own.
  entry: { index: 'src/index.ts', main: 'src/main.ts', 'align-worker': 'src/align/align-worker.ts' },
};
