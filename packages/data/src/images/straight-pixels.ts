/** Side of the squares in which pixels are read: every WebGL 2 has textures of this size. */
const tileSize = 2048;

/**
 * Reads the pixels of a bitmap with WebGL, whose textures keep colours that are not multiplied by their transparency.
 *
 * @param target `[height, width, 4]`, output
 * @throws Error if the browser has no WebGL 2
 */
export async function readStraightPixels(bitmap: ImageBitmap, target: Uint8Array): Promise<void> {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl)
    throw new Error('the image is transparent, and without WebGL 2 this browser does not show its colours');
  try {
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.pixelStorei(gl.PACK_ROW_LENGTH, bitmap.width);
    for (let top = 0; top < bitmap.height; top += tileSize) {
      for (let left = 0; left < bitmap.width; left += tileSize) {
        const width = Math.min(tileSize, bitmap.width - left);
        const height = Math.min(tileSize, bitmap.height - top);
        const tile = await createImageBitmap(bitmap, left, top, width, height, { premultiplyAlpha: 'none' });
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, tile);
        tile.close();
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
        gl.readPixels(
          0,
          0,
          width,
          height,
          gl.RGBA,
          gl.UNSIGNED_BYTE,
          target,
          (top * bitmap.width + left) * 4,
        );
      }
    }
    if (gl.isContextLost() || gl.getError() !== gl.NO_ERROR)
      throw new Error('WebGL could not read the pixels');
  } finally {
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
