import { libraryBuild } from '../../tsdown.config.ts';

export default libraryBuild;
