export { readInstalledModel } from './read-installed-model.ts';
