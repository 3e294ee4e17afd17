import { expect, it } from 'vitest';
import { contactSheet } from './contact-sheet.ts';

const box = { x: 1, y: 2, width: 30, height: 40 };
const sheet = contactSheet({
  title: '<photos>',
  size: 224,
  photoAddress: ({ name }) => (name === 'none.jpg' ? null : 'file:///photos/a%20b.jpg'),
  photos: [
    {
      name: 'a b.jpg',
      hash: 'x',
      faces: [{ file: 'ada & co/a#1.png', box, score: 0.987, sharpness: 0.0042, eyeDistance: 18.3 }],
      rejects: [],
    },
    { name: 'none.jpg', hash: null, faces: [], rejects: [{ kind: 'no face', reason: 'no face "found"' }] },
  ],
});

it('shows crops with their facts, and rejects with reasons', () => {
  expect(sheet).toContain('1 crop from 2 photos, 1 reject.');
  expect(sheet).toContain('score 0.99, sharpness 0.0042, eyes 18.3 px apart, face 30 × 40 px');
  expect(sheet).toContain('<td>none.jpg</td><td>no face &quot;found&quot;</td>');
  expect(sheet).toContain('<a href="file:///photos/a%20b.jpg"><img loading="lazy"');
});

it('escapes names in text and in addresses, and asks nobody else for anything', () => {
  expect(sheet).toContain('src="ada%20%26%20co/a%231.png"');
  expect(sheet).toContain('ada &amp; co/a#1.png');
  expect(sheet).toContain('<title>&lt;photos&gt;</title>');
  expect(sheet).not.toMatch(/https?:/);
});

it('stays small for thousands of photos', () => {
  const face = { file: 'person/photo-1234.png', box, score: 0.9, sharpness: 0.01, eyeDistance: 20 };
  const photos = Array.from({ length: 5000 }, (_, index) => ({
    name: `${index}`,
    hash: 'x',
    faces: [face],
    rejects: [],
  }));
  const page = contactSheet({ title: 'photos', size: 112, photos, photoAddress: () => null });
  expect(page.length).toBeLessThan(3e6);
});
