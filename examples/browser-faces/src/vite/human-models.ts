import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const packageName = '@vladmandic/human';
/** The networks that find faces, place points on them, and recognise them; their licence comes along. */
const files = [
  'models/blazeface.json',
  'models/blazeface.bin',
  'models/facemesh.json',
  'models/facemesh.bin',
  'models/faceres.json',
  'models/faceres.bin',
  'LICENSE',
];

/** Returns a Vite plugin that serves the models of the installed package `@vladmandic/human` under `models/`, and copies them into a build. */
export function humanModels(): Plugin {
  const folder = packageFolder();
  const outputName = (file: string) => (file === 'LICENSE' ? 'models/LICENSE' : file);
  return {
    name: 'human-models',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const path = request.url?.split('?')[0]?.slice(1);
        const file = files.find((name) => outputName(name) === path);
        if (!file) return next();
        response.setHeader('Content-Type', 'application/octet-stream');
        response.end(readFileSync(join(folder, file)));
      });
    },
    generateBundle() {
      for (const file of files) {
        this.emitFile({
          type: 'asset',
          fileName: outputName(file),
          source: readFileSync(join(folder, file)),
        });
      }
    },
  };
}

/** Returns the folder of the installed package. @throws Error with the install command if there is none */
function packageFolder(): string {
  const places = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  const folder = places.map((place) => join(place, packageName)).find((path) => existsSync(path));
  if (!folder)
    throw new Error(
      `The package '${packageName}' is not installed. Install it with: npm install ${packageName}`,
    );
  return folder;
}
