const problems: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk has a fault',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'there is no permission',
  EROFS: 'the disk can only be read',
};

/** What the file system says, in words; null if it is something else. */
export function fileProblem(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && problems[code]) || null;
}
