import type { FaceBox } from '@openset/server';
import sharp from 'sharp';

/** A drawn face on a photo. */
export interface DrawnFace {
  readonly box: FaceBox;
  /** Who it is; null for one that cannot be recognised. */
  readonly person: keyof typeof drawnPeople | null;
  /** Number that differs between photos of a person: each is another embedding. */
  readonly variant: number;
}

interface Look {
  readonly skin: string;
  readonly hair: string;
  readonly shirt: string;
  readonly hasLongHair: boolean;
}

/** The people of the drawings. Nobody of them exists. */
export const drawnPeople = {
  ada: { skin: '#f0c39c', hair: '#3b2417', shirt: '#7c3aed', hasLongHair: true },
  grace: { skin: '#c98d62', hair: '#1a1a1a', shirt: '#0f766e', hasLongHair: false },
  stranger: { skin: '#f3d3b3', hair: '#b45309', shirt: '#b91c1c', hasLongHair: false },
} as const satisfies Record<string, Look>;

/** Separates the pixels from the description of the faces, which `DrawnRecognizer` reads. */
export const separator = '\nfaces of the drawing: ';

const [faceSize, spacing, height] = [150, 230, 320];

/**
 * Draws people side by side, as a PNG whose last bytes say where the faces are. Browsers and decoders ignore them.
 * @param people from left to right; null for a face that is turned away
 * @param variant another photo of the same people
 */
export async function drawPhoto(people: readonly DrawnFace['person'][], variant = 0): Promise<Buffer> {
  const width = spacing * Math.max(1, people.length) + 60;
  const faces = people.map((person, index): DrawnFace => {
    const x = 30 + spacing * index + (spacing - faceSize) / 2;
    const y = 70 + ((index * 17 + variant * 11) % 24);
    return { person, variant, box: { x, y, width: faceSize, height: faceSize } };
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    '<defs><linearGradient id="wall" x2="0" y2="1"><stop stop-color="#dbe7f3"/><stop offset="1" stop-color="#a9bfd3"/></linearGradient></defs>' +
    `<rect width="100%" height="100%" fill="url(#wall)"/>${faces.map(figure).join('')}</svg>`;
  const pixels = await sharp(Buffer.from(svg)).png({ palette: true }).toBuffer();
  return Buffer.concat([pixels, Buffer.from(separator + JSON.stringify({ width, height, faces }))]);
}

function figure({ person, box, variant }: DrawnFace): string {
  const [x, y] = [box.x + faceSize / 2, box.y + faceSize / 2];
  const { skin, hair, shirt, hasLongHair } = person
    ? drawnPeople[person]
    : { ...drawnPeople.ada, hasLongHair: true };
  const body = `<path d="M${x - 90} ${height + 60} q0 -120 90 -120 q90 0 90 120z" fill="${shirt}"/>`;
  const behind = hasLongHair ? `<ellipse cx="${x}" cy="${y + 12}" rx="66" ry="84" fill="${hair}"/>` : '';
  const head = `<ellipse cx="${x}" cy="${y}" rx="52" ry="64" fill="${person ? skin : hair}"/>`;
  if (!person) return body + behind + head;
  const top = `<path d="M${x - 56} ${y - 8} q0 -66 56 -66 q56 0 56 66 q-20 -34 -56 -34 q-36 0 -56 34z" fill="${hair}"/>`;
  const eyes = [-20, 20].map((side) => `<circle cx="${x + side}" cy="${y - 4}" r="6" fill="#222"/>`).join('');
  const smile = `<path d="M${x - 22} ${y + 26} q22 ${14 + (variant % 3) * 5} 44 0" stroke="#7a2e2e" stroke-width="5" fill="none" stroke-linecap="round"/>`;
  const nose = `<path d="M${x} ${y + 2} l-5 14 h9" stroke="#0003" stroke-width="3" fill="none"/>`;
  return body + behind + head + top + eyes + nose + smile;
}
