import { writeOnnx } from '@openset/onnx/node';

/**
 * Writes a file at once: under its name there is the old file or the new one, never a part, and after a failure nothing
 * else is left.
 * @throws DataError if it cannot be written
 */
export async function writeAtOnce(path: string, content: string | Uint8Array): Promise<void> {
  // The writer of ONNX files does just that, with any bytes.
  await writeOnnx(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
}
