/** Returns a HEIC file without pixels: item 1 is a thumbnail, item 2 an image of 40 × 30 pixels with a quarter turn. */
export function heicFile(): Uint8Array {
  const box = (name: string, ...content: (number | number[])[]) => {
    const bytes = content.flat();
    return [0, 0, 0, bytes.length + 8, ...Buffer.from(name), ...bytes];
  };
  const size = (width: number, height: number) => box('ispe', 0, 0, 0, 0, 0, 0, 0, width, 0, 0, 0, height);
  const associations = box('ipma', 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 0x81, 0, 2, 2, 2, 0x83);
  const properties = box('iprp', box('ipco', size(4, 3), size(40, 30), box('irot', 1)), associations);
  return Uint8Array.from([
    ...box('ftyp', [...Buffer.from('mif1')], 0, 0, 0, 0, [...Buffer.from('heic')]),
    ...box('meta', 0, 0, 0, 0, box('pitm', 0, 0, 0, 0, 0, 2), properties),
  ]);
}
