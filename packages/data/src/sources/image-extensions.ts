/** Default file extensions of images, in lower case. */
export const imageExtensions: readonly string[] = [
  ...['.jpg', '.jpeg', '.jfif', '.png', '.webp', '.bmp', '.gif', '.tif', '.tiff', '.avif', '.heic', '.heif'],
];
