import { expect, it } from 'vitest';
import { fakeImage } from './__fixtures__/fake-recognizer.ts';
import { form, startFake } from './__fixtures__/start.ts';

it('warns about faces that could be somebody else, or are unlike the others of the person', async () => {
  const { app } = await startFake();
  const enroll = async (name: string, ...angles: number[]) => {
    const images = angles.map((angle) => ['images', fakeImage(angle), `${angle}.jpg`] as const);
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/people',
      ...form(['name', name], ...images),
    });
    expect(answer.statusCode).toBeLessThan(300);
    return answer.json().warnings;
  };
  expect(await enroll('Ada', 0)).toEqual([]);
  // Nobody is like a person but the person.
  expect(await enroll('Ada', 1)).toEqual([]);
  expect(await enroll('Bob', 10.5)).toEqual([
    '10.5.jpg: this face could be Ada, who is enrolled (cosine 0.985, threshold 0.800).',
  ]);
  expect(await enroll('Zoe', 110, 170)).toEqual([
    '110.jpg: this face is unlike the new photos of Zoe (cosine 0.500, threshold 0.800).',
    '170.jpg: this face is unlike the new photos of Zoe (cosine 0.500, threshold 0.800).',
  ]);
  expect(await enroll('Ada', 300)).toEqual([
    '300.jpg: this face is unlike the enrolled photos of Ada (cosine 0.500, threshold 0.800).',
  ]);
});
