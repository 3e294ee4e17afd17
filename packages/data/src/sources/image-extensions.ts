/** Default file extensions of images, in lower case. */
export const imageExtensions: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.bmp'];
