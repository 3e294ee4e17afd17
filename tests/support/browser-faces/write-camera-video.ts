import { writeFile } from 'node:fs/promises';
import type { Sharp } from 'sharp';

const [width, height] = [640, 480];

/** Returns a picture in the size of the camera, at its left side. */
export function cameraFrame(picture: Sharp): Sharp {
  return picture.resize(width, height, { fit: 'contain', position: 'left', background: '#556' });
}

/**
 * Writes a video of one picture as YUV4MPEG2, which Chromium shows as the picture of its fake camera.
 * @param path ends with `.y4m`
 */
export async function writeCameraVideo(path: string, picture: Sharp): Promise<void> {
  const pixels = await cameraFrame(picture).removeAlpha().raw().toBuffer();
  const luma = Buffer.alloc(width * height);
  const [blue, red] = [Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      const [r, g, b] = [pixels[3 * place]!, pixels[3 * place + 1]!, pixels[3 * place + 2]!];
      // ITU-R BT.601 in the range of studios.
      luma[place] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      if (x % 2 === 1 || y % 2 === 1) continue;
      const half = (y / 2) * (width / 2) + x / 2;
      blue[half] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      red[half] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, blue, red]);
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([header, frame, frame]));
}
