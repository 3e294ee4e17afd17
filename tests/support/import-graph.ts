import { posix } from 'node:path';
import ts from 'typescript';

/** The files that each file imports by relative path, including types and literal `import()`. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the imports between some TypeScript files.
 * @param texts the text of each file by its path, with `/`; imports of other files are skipped
 */
export function importGraph(texts: ReadonlyMap<string, string>): ImportGraph {
  const targets = (path: string, text: string): string[] => {
    const { importedFiles } = ts.preProcessFile(text, true, true);
    const relative = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.'));
    const resolved = relative.map((name) => posix.join(posix.dirname(path), name.replace(/\.js$/, '.ts')));
    return [...new Set(resolved)].filter((target) => texts.has(target));
  };
  return new Map([...texts].map(([path, text]) => [path, targets(path, text)]));
}

/**
 * Returns the import circles of a graph: its strongly connected components of more than one file, and files that import
 * themselves (Tarjan 1972). Each circle is sorted.
 */
export function importCircles(graph: ImportGraph): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, number>();
  const stack: string[] = [];
  /** Visits a file. @returns the order of the earliest file on the stack that it reaches */
  const visit = (path: string): number => {
    const own = order.size;
    order.set(path, own);
    stack.push(path);
    let earliest = own;
    for (const target of graph.get(path) ?? []) {
      if (!order.has(target)) earliest = Math.min(earliest, visit(target));
      else if (stack.includes(target)) earliest = Math.min(earliest, order.get(target) as number);
    }
    if (earliest === own) {
      const component = stack.splice(stack.indexOf(path));
      if (component.length > 1 || graph.get(path)?.includes(path)) circles.push(component.sort());
    }
    return earliest;
  };
  for (const path of graph.keys()) if (!order.has(path)) visit(path);
  return circles;
}
