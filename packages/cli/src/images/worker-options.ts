/** Number of images from which worker threads are worth their start. */
const workersFrom = 256;

/** Returns the option of loaders that decodes few images without worker threads. */
export function workerOptions(imageCount: number): { readonly workers?: 0 } {
  return imageCount < workersFrom ? { workers: 0 } : {};
}
