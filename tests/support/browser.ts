import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Path of Chromium or Chrome on this machine; undefined if neither is installed. `OPENSET_CHROMIUM` overrides it. */
export function findChromium(): string | undefined {
  const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return [process.env.OPENSET_CHROMIUM, ...places].find((path) => path !== undefined && existsSync(path));
}

/** Features that are off. The option replaces that of Playwright, whose features come first. */
const disabledFeatures = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...['HttpsFirstBalancedModeAutoEnable', 'LensOverlay', 'MediaRouter', 'PaintHolding'],
  ...['ThirdPartyStoragePartitioning', 'AvoidCorsURLLoaderRestartOnRedirect', 'TcpPortRandomizationWin'],
  ...['OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch'],
  // Two pages behind the address bar, which nobody sees. Loading them takes half a second for every test.
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
];

/**
 * Starts the browser without a window. Without a GPU, WebGL and WebGPU run in software.
 * @param more arguments of the browser
 */
export function launchChromium(executablePath: string, ...more: readonly string[]): Promise<Browser> {
  const quiet = [
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    `--disable-features=${disabledFeatures.join(',')}`,
  ];
  return chromium.launch({
    executablePath,
    timeout: 120_000,
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--enable-unsafe-webgpu', ...quiet, ...more],
  });
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves folders on a free port of this machine, with the cross-origin isolation that WebAssembly threads require.
 * @param folders folders by the path of their address
 * @param isIsolated whether to isolate the pages
 */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
  isIsolated = true,
): Promise<{ address: string; server: Server }> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const prefix = Object.keys(folders).find((start) => path.startsWith(start)) ?? '/';
    const file = join(folders[prefix] ?? '', path.slice(prefix.length) || 'index.html');
    const body = await readFile(file).catch(() => null);
    response.writeHead(body ? 200 : 404, {
      'Content-Type': contentTypes[extname(file)] ?? 'application/octet-stream',
      ...(isIsolated && {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      }),
    });
    response.end(body ?? 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
