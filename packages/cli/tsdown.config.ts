import { libraryBuild } from '../../tsdown.config.ts';

export default { ...libraryBuild, platform: 'node', entry: ['src/index.ts', 'src/main.ts'] };
