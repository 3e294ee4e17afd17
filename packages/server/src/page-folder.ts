import { fileURLToPath } from 'node:url';

/**
 * Folder of the page that ships with the package, for `page` of `createServer`: who is on a photo, enroll, list and delete people,
 * choose the threshold. Its files are JavaScript with checked types, so nothing has to be built.
 */
// The same from `src` and from `dist`.
export const pageFolder: string = fileURLToPath(new URL('../src/page', import.meta.url));
