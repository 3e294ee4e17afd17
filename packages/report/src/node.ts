export { type FigurePngOptions, figurePng } from './figure-png.ts';
