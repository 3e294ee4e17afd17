import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));

/**
 * Runs the built command, in a folder if one is given. The exit code 1 is an answer, such as "different people".
 * @throws Error if the command is not built, or if it fails
 */
export async function runBuiltCommand(words: readonly string[], cwd?: string): Promise<void> {
  if (!existsSync(main)) throw new Error('The command is not built: run npm run build first.');
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, [main, ...words], { cwd }, (error, _, stderr) => {
      if (error && error.code !== 1) reject(new Error(stderr));
      else resolve();
    });
  });
}
