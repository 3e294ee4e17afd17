import type { Circumstances } from '../config/choose.ts';

/** The part of LFW that the documentation trains on, on the wasm backend. */
export const lfw: Circumstances = {
  pictures: 4980,
  people: 982,
  side: 112,
  channels: 1,
  data: '/faces',
  backend: 'wasm',
};
