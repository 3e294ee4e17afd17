import { createRequire } from 'node:module';
import sharp, { type Sharp } from 'sharp';

/** A photo with four people next to each other, of a package that the tests use anyway. */
const group = createRequire(import.meta.url).resolve('@vladmandic/face-api/demo/sample6.jpg');

/** Places of three of the people. */
const places = {
  ada: { left: 150, top: 420 },
  grace: { left: 560, top: 260 },
  stranger: { left: 1385, top: 200 },
} as const;

/** Somebody on the photo, under another name. */
export type PersonOnPhoto = keyof typeof places;

/** Returns the part of the photo that shows one person. */
export function cropPerson(person: PersonOnPhoto): Sharp {
  return sharp(group).extract({ ...places[person], width: 410, height: 410 });
}

/** Returns a photo of one person, and another one of the same: mirrored, smaller and compressed more. */
export async function photosOf(person: PersonOnPhoto): Promise<[Buffer, Buffer]> {
  return Promise.all([
    cropPerson(person).jpeg({ quality: 92 }).toBuffer(),
    cropPerson(person).flop().resize(300).jpeg({ quality: 80 }).toBuffer(),
  ]);
}

/** Returns a photo of several people side by side. */
export async function groupPhoto(people: readonly PersonOnPhoto[]): Promise<Buffer> {
  const side = 320;
  const crops = await Promise.all(
    people.map((person) => cropPerson(person).flop().resize(side).png().toBuffer()),
  );
  return sharp({ create: { width: side * people.length, height: side, channels: 3, background: '#889' } })
    .composite(crops.map((input, place) => ({ input, left: side * place, top: 0 })))
    .jpeg({ quality: 90 })
    .toBuffer();
}
