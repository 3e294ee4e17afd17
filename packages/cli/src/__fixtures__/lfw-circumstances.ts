import type { Circumstances } from '../config/choose-settings.ts';

/** The part of LFW that the documentation trains on, with the wasm backend. */
export const lfw: Circumstances = {
  imageCount: 4980,
  personCount: 982,
  // 4,980 images.
  imagesOfPerson: Array.from({ length: 982 }, (_, person) => (person < 70 ? 6 : 5)),
  side: 112,
  channels: 1,
  backend: 'wasm',
};
