export type { OpenedNetwork } from './load-pretrained.ts';
export {
  type OpenPretrainedOptions,
  openPretrained,
  readPretrainedFiles,
} from './open-pretrained.ts';
export { readInstalledModel } from './read-installed-model.ts';
