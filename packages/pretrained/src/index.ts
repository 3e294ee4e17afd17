export { loadGraphModel, type ReadModelFile } from './graph-model.ts';
