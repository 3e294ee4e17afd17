export type { Face, FaceQuality } from './face.ts';
