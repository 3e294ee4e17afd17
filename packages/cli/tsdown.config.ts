import { libraryBuild } from '../../tsdown.config.ts';

export default {
  ...libraryBuild,
  platform: 'node',
  // The build leaves dependencies outside, but takes an optional one in if it is built already.
  external: ['@openset/gallery-sqlite'],
  // Worker threads start from files of their own.
  entry: {
    index: 'src/index.ts',
    main: 'src/main.ts',
    'align-worker': 'src/align/align-worker.ts',
    'recognizer-worker': 'src/recognizer/recognizer-worker.ts',
  },
};
