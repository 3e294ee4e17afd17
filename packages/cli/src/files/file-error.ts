const reasons: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk has an error',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'there is no permission',
  EROFS: 'the disk is read-only',
};

/** Describes an error of the file system in words; null for other errors. */
export function describeFileError(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && reasons[code]) || null;
}
