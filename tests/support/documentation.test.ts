import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';
import { undocumentedExports } from './documentation.ts';

const folder = mkdtempSync(join(tmpdir(), 'openset-documentation-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('finds the exports without a doc comment, through re-exports', () => {
  const things = `
    /** Documented. */
    export function documented() {}
    export function bare() {}
    // Not a doc comment.
    export const almost = 1;
    /** Documented. */
    export type Documented = string;
    export interface Bare {}
    /** @param value an empty description */
    export function onlyTags(value: number) { return value; }
    export const notReExported = 2;
    interface Base { inherited: boolean }
    /** Documented. */
    export interface ThingOptions extends Base {
      bare: number;
      /** Documented. */
      documented: string;
    }
    /** Documented. */
    export interface ResolvedThingOptions { bare: number; more: number }
    /** A point: \`x\` in metres. */
    export interface Point { x: number; y: number }
    /** Documented. */
    export type Answer =
      | { kind: 'found'; place: Point }
      | {
          kind: 'none';
          /** Why. */
          reason: string;
        };
    /** Documented. */
    export class Store {
      #secret = 1;
      private hidden = 1;
      protected own = 1;
      size = 1;
      /** @internal For tests. */
      inner() {}
      /** @description Documented. */
      described() {}
      open() {}
      /** @returns nothing */
      close() {}
    }
    /** Documented; \`size\` too. */
    export class Child extends Store {}
    /** Documented. */
    export type Names = Pick<Store, 'size'>;
  `;
  const index = `
    export { documented, bare as renamed, almost, onlyTags } from './things';
    export { Child, Store } from './things';
    export type { Answer, Bare, Documented, Names, Point, ResolvedThingOptions, ThingOptions } from './things';
    export { elsewhere } from 'elsewhere';
  `;
  writeFileSync(join(folder, 'things.ts'), things);
  writeFileSync(join(folder, 'index.ts'), index);
  const library = join(folder, 'node_modules', 'elsewhere');
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, 'index.d.ts'), 'export declare const elsewhere: number;');
  const options = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  expect(undocumentedExports([join(folder, 'index.ts')], options)).toEqual([
    'Answer.place (things.ts)',
    'Bare (things.ts)',
    'Child.close (things.ts)',
    'Child.open (things.ts)',
    'Names.size (things.ts)',
    'Point.y (things.ts)',
    'ResolvedThingOptions.more (things.ts)',
    'Store.close (things.ts)',
    'Store.open (things.ts)',
    'Store.size (things.ts)',
    'ThingOptions.bare (things.ts)',
    'ThingOptions.inherited (things.ts)',
    'almost (things.ts)',
    'bare (things.ts)',
    'onlyTags (things.ts)',
  ]);
});
