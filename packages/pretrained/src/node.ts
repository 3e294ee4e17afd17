export {
  type OpenedNetwork,
  type OpenPretrainedOptions,
  openPretrained,
  readPretrainedFiles,
} from './open-pretrained.ts';
export { readInstalledModel } from './read-installed-model.ts';
