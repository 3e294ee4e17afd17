/**
 * Names of files and folders that systems and programs add to a user's folders, in lower case. Hidden names, such as
 * `.DS_Store`, `.thumbnails`, `.@__thumb` and `._image.jpg`, need not be here: they begin with a dot.
 */
const systemNames = new Set([
  // Network storage of Synology, QNAP and NetApp: thumbnails, deleted files, snapshots.
  '@eadir',
  '@tmp',
  '#recycle',
  '#snapshot',
  '@recycle',
  '@recently-snapshot',
  '@__thumb',
  '@transcode',
  '~snapshot',
  // Windows: deleted files, restore points, settings of folders, thumbnails.
  '$recycle.bin',
  'recycler',
  'system volume information',
  'desktop.ini',
  'thumbs.db',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  // macOS: metadata in archives, icons of folders, deleted and temporary files on network storage.
  '__macosx',
  'icon\r',
  'network trash folder',
  'temporary items',
  // Linux: files that a check of the file system found.
  'lost+found',
  // Programs for photos and web pages: settings, thumbnails, text files with the names of images.
  'picasa.ini',
  'zbthumbnail.info',
  'pspbrwse.jbf',
  '_vti_cnf',
]);

/** Whether a file or folder has a name that systems and programs use for their own; hidden ones are not included. */
export function isSystemName(name: string): boolean {
  const lower = name.toLowerCase();
  // Windows: files that a check of the file system found.
  return systemNames.has(lower) || /^found\.\d{3}$/.test(lower);
}
