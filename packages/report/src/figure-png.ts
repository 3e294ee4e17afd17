import type Sharp from 'sharp';
import type { Figure } from './figure.ts';
import { checkSvg, ReportError } from './report-error.ts';

/** Options of `figurePng`. */
export interface FigurePngOptions {
  /** Image pixels per pixel of the plot, above 0 and at most 16; default 2. */
  readonly scale?: number;
}

/** Density in dots per inch at which one pixel of an SVG is one pixel of the image. */
const naturalDensity = 72;
const largestScale = 16;

/**
 * Renders a figure as PNG, on white, with the package sharp and the sans-serif font of the machine.
 *
 * @returns the bytes of the file
 * @throws ReportError if the figure is not an SVG, the scale is out of range, sharp is not installed or cannot draw the
 *   figure, or the machine has no font
 */
export async function figurePng(
  { svg }: Pick<Figure, 'svg'>,
  { scale = 2 }: FigurePngOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkSvg('figurePng: the figure', svg);
  if (!(scale > 0 && scale <= largestScale)) {
    throw new ReportError(
      `figurePng: scale must be above 0 and at most ${largestScale}, but is ${String(scale)}.`,
    );
  }
  sharp ??= loadSharp();
  const draw = await sharp;
  try {
    const image = draw(Buffer.from(svg), { density: naturalDensity * scale });
    return new Uint8Array(await image.flatten({ background: 'white' }).png().toBuffer());
  } catch (error) {
    throw new ReportError(`figurePng: sharp cannot draw the figure: ${String(error)}.`, { cause: error });
  }
}

let sharp: Promise<typeof Sharp> | undefined;

async function loadSharp(): Promise<typeof Sharp> {
  const { default: draw } = await import('sharp').catch((error) => {
    throw new ReportError(
      `figurePng needs the package sharp. Install it: npm install sharp. (${String(error)})`,
      {
        cause: error,
      },
    );
  });
  // Without a font, sharp silently omits text; minimal containers have no font.
  const letter =
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="16" font-family="sans-serif">M</text></svg>';
  const { channels } = await draw(Buffer.from(letter)).stats();
  if (channels.at(-1)?.max === 0) {
    throw new ReportError(
      'figurePng: this machine has no font to draw text. Install one, for example the package fonts-dejavu-core.',
    );
  }
  return draw;
}
