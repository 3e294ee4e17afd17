export { type OpenedNetwork, type OpenPretrainedOptions, openPretrained } from './open-pretrained.ts';
export { readInstalledModel } from './read-installed-model.ts';
