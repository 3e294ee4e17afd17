import { libraryBuild } from '../../tsdown.config.ts';

export default { ...libraryBuild, entry: ['src/index.ts', 'src/node.ts'], external: [/^node:/] };
