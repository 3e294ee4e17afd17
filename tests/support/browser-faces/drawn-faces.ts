import { randomNumbers } from '@openset/core';
import sharp from 'sharp';

/** How a drawn face looks. Lengths are relative to those of a usual face. */
interface Look {
  readonly skin: string;
  /** Colour of the skin in the shade. */
  readonly shade: string;
  readonly hair: string;
  readonly eye: string;
  readonly lip: string;
  readonly shirt: string;
  readonly width: number;
  readonly jaw: number;
  readonly eyeDistance: number;
  readonly nose: number;
  readonly mouth: number;
  readonly extra: 'long hair' | 'beard' | 'glasses';
}

/** People of drawings that the networks take for faces of photos. Nobody of them exists. */
export const drawnFaces = {
  ada: {
    ...{ skin: '#6f432b', shade: '#3d2216', hair: '#0d0a09', eye: '#1d110a', lip: '#8b2f3d' },
    ...{ shirt: '#7c3aed', width: 1, jaw: 0.85, eyeDistance: 1, nose: 1.1, mouth: 1, extra: 'long hair' },
  },
  alan: {
    ...{ skin: '#eac0a0', shade: '#b97f60', hair: '#4a4a4a', eye: '#4b6b8a', lip: '#7c3a35' },
    ...{
      shirt: '#0f766e',
      width: 1.08,
      jaw: 1.12,
      eyeDistance: 1.1,
      nose: 1.25,
      mouth: 1.15,
      extra: 'beard',
    },
  },
  stranger: {
    ...{ skin: '#f2d2bd', shade: '#c99a80', hair: '#b9853c', eye: '#4577a8', lip: '#c8746c' },
    ...{
      shirt: '#b91c1c',
      width: 0.93,
      jaw: 1,
      eyeDistance: 0.92,
      nose: 0.85,
      mouth: 0.85,
      extra: 'glasses',
    },
  },
} as const satisfies Record<string, Look>;

/** Somebody on a drawing. */
export interface DrawnPerson {
  readonly person: keyof typeof drawnFaces;
  /** From 1, hardly, to 5. */
  readonly smile: number;
  /** Turn of the head, from −1 to 1. */
  readonly turn?: number;
}

const [spacing, height, scale] = [300, 420, 1.5];
/** Largest change of a value by noise. Photos have noise; plain colours are taken for drawings. */
const noise = 4;

/** Draws people side by side, as a PNG. */
export async function drawFaces(people: readonly DrawnPerson[]): Promise<Buffer> {
  const width = spacing * people.length;
  const figures = people.map((person, place) => figure(person, place));
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    '<defs><linearGradient id="wall" x2="1" y2="1"><stop stop-color="#c9d6df"/><stop offset="1" stop-color="#8fa3b3"/></linearGradient>' +
    '<filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="3"/></filter></defs>' +
    `<rect width="100%" height="100%" fill="url(#wall)"/>${figures.join('')}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const random = randomNumbers(1);
  for (let index = 0; index < data.length; index++) {
    const value = data[index]! + Math.round((2 * random() - 1) * noise);
    data[index] = Math.min(255, Math.max(0, value));
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png()
    .toBuffer();
}

function figure({ person, smile, turn = 0 }: DrawnPerson, place: number): string {
  const look: Look = drawnFaces[person];
  const half = 50 * look.width;
  const chin = 26 * look.jaw;
  const [skin, hair] = [`url(#skin${place})`, look.hair];
  const head = `M${-half} -12Q${-half} -70 0 -72Q${half} -70 ${half} -12Q${half} 30 ${chin} 56Q0 76 ${-chin} 56Q${-half} 30 ${-half} -12z`;
  const back =
    look.extra === 'long hair'
      ? 'M-64 80Q-78 -10 -52 -58Q0 -112 52 -58Q78 -10 64 80Q30 95 0 90Q-30 95 -64 80z'
      : 'M-56 0Q-66 -66 -28 -84Q0 -96 30 -84Q66 -64 56 0z';
  const front =
    look.extra === 'long hair'
      ? 'M-58 10Q-60 -62 0 -78Q60 -62 58 10Q50 -30 22 -50Q-10 -44 -34 -34Q-52 -20 -58 10z'
      : 'M-54 -6Q-62 -66 -20 -82Q34 -94 54 -48Q58 -26 54 -6Q50 -36 40 -44Q0 -40 -30 -50Q-48 -38 -54 -6z';
  const beard = `M${4 - half} 10Q${6 - half} 40 ${-chin} 58Q0 80 ${chin} 58Q${half - 6} 40 ${half - 4} 10Q${half - 14} 30 24 30Q0 22 -24 30Q${14 - half} 30 ${4 - half} 10z`;
  return `<g transform="translate(${spacing * (place + 0.5)} 200) scale(${scale})">
    <defs><radialGradient id="skin${place}" cx=".44" cy=".38" r=".68"><stop offset=".62" stop-color="${look.skin}"/><stop offset="1" stop-color="${look.shade}"/></radialGradient></defs>
    <path d="M-95 170q2 -78 60 -88h70q58 10 60 88z" fill="${look.shirt}"/>
    <path d="${back}" fill="${hair}"/>
    <path d="M-22 40V92Q0 108 22 92V40z" fill="${look.shade}"/>
    <ellipse cx="${-half}" cy="2" rx="7" ry="13" fill="${look.shade}"/><ellipse cx="${half}" cy="2" rx="7" ry="13" fill="${look.shade}"/>
    <path d="${head}" fill="${skin}"/>
    ${look.extra === 'beard' ? `<path d="${beard}" fill="${hair}" opacity=".55" filter="url(#soft)"/>` : ''}
    ${[-1, 1].map((side) => eye(look, side, turn)).join('')}
    ${nose(look, turn)}${mouth(look, smile, turn)}
    <path d="${front}" fill="${hair}"/>
    ${look.extra === 'glasses' ? glasses(21 * look.eyeDistance) : ''}
  </g>`;
}

function eye({ eyeDistance, shade, hair, eye: iris }: Look, side: number, turn: number): string {
  return `<g transform="translate(${side * 21 * eyeDistance + 3 * turn} -6)">
    <ellipse cy="1" rx="15" ry="10" fill="${shade}" opacity=".45" filter="url(#soft)"/>
    <path d="M-11 1Q0 -8 11 1Q0 7 -11 1z" fill="#f3ece6"/>
    <circle cx="${turn}" r="4.8" fill="${iris}"/><circle cx="${turn}" r="2.4" fill="#0a0a0a"/><circle cx="${turn + 1.6}" cy="-1.7" r="1.1" fill="#fff"/>
    <path d="M-12 1Q0 -9.5 12 1" fill="none" stroke="#2a1a12" stroke-width="2"/>
    <path d="M-11 1.5Q0 7.6 11 1.5" fill="none" stroke="${shade}"/>
    <path d="M-14 -12Q${-2 * side} -20 14 -12" fill="none" stroke="${hair}" stroke-width="4.4" stroke-linecap="round"/>
  </g>`;
}

function nose({ nose: size, shade }: Look, turn: number): string {
  const x = (value: number) => value * size + 5 * turn;
  return `<path d="M${x(-5)} -8Q${x(-8)} 10 ${x(-10)} 20Q${x(0)} 28 ${x(10)} 20Q${x(8)} 10 ${x(5)} -8z" fill="${shade}" opacity=".28" filter="url(#soft)"/>
    <ellipse cx="${x(0)}" cy="14" rx="${5 * size}" ry="7" fill="#fff" opacity=".22" filter="url(#soft)"/>
    <path d="M${x(-10)} 18Q${x(-9)} 24 ${x(-4)} 22Q${x(0)} 26 ${x(4)} 22Q${x(9)} 24 ${x(10)} 18" fill="none" stroke="${shade}" stroke-width="2" stroke-linecap="round"/>
    <ellipse cx="${x(-4.5)}" cy="21.5" rx="2.6" ry="1.4" fill="#3a1d14" opacity=".75"/><ellipse cx="${x(4.5)}" cy="21.5" rx="2.6" ry="1.4" fill="#3a1d14" opacity=".75"/>`;
}

function mouth({ mouth: size, lip, shade }: Look, smile: number, turn: number): string {
  const half = size * (20 + 3 * smile);
  const [corner, middle, bottom] = [38 - smile, 41 + smile, 49 + 0.6 * smile];
  return `<g transform="translate(${3 * turn} 0)">
    <path d="M${-half} ${corner}Q${-half / 2} 33 -3 35Q0 36.5 3 35Q${half / 2} 33 ${half} ${corner}Q0 ${middle} ${-half} ${corner}z" fill="${lip}"/>
    <path d="M${-half} ${corner}Q0 ${middle} ${half} ${corner}Q${half / 2} ${bottom} 0 ${bottom}Q${-half / 2} ${bottom} ${-half} ${corner}z" fill="${lip}" opacity=".85"/>
    <path d="M${-half} ${corner}Q0 ${middle} ${half} ${corner}" fill="none" stroke="#4a1f1f" stroke-width="1.4"/>
    <ellipse cy="55" rx="12" ry="3" fill="${shade}" opacity=".4" filter="url(#soft)"/></g>`;
}

function glasses(eye: number): string {
  const rim = (x: number) => `<rect x="${x - 15}" y="-17" width="30" height="23" rx="9"/>`;
  return `<g fill="none" stroke="#222" stroke-width="2.6">${rim(-eye)}${rim(eye)}<path d="M${15 - eye} -8q${eye - 15} -5 ${2 * (eye - 15)} 0"/></g>`;
}
