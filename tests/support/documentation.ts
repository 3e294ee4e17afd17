import { basename } from 'node:path';
import ts from 'typescript';

/** Reads the compiler options of a tsconfig.json. */
export function compilerOptions(configPath: string): ts.CompilerOptions {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  };
  // Only the options are needed, so skip the search for source files.
  const parsed = ts.getParsedCommandLineOfConfigFile(configPath, {}, { ...host, readDirectory: () => [] });
  return parsed?.options ?? {};
}

/** Types of what users pass. Their members need comments, too; resolved options repeat those of the options. */
const optionTypes = /^(?!Resolved).*(Options|Settings)$/;

/**
 * Returns the names of exported symbols, and of members of exported options, without a doc comment at their declaration, each with the
 * file of the declaration. Follows re-exports. Skips symbols of other packages.
 */
export function undocumentedExports(entries: readonly string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram({ rootNames: [...entries], options });
  const checker = program.getTypeChecker();
  const missing = entries.flatMap((entry) => {
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${entry} is not a module.`);
    const symbols = checker
      .getExportsOfModule(module)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
    const isMissing = (symbol: ts.Symbol) => isOurs(symbol, program) && !isDocumented(symbol, checker);
    const members = symbols
      .filter(({ name, flags }) => flags & ts.SymbolFlags.Type && optionTypes.test(name))
      .flatMap((owner) => {
        const found = checker.getDeclaredTypeOfSymbol(owner).getProperties();
        return found.filter(isMissing).map((symbol) => nameWithFile(symbol, `${owner.name}.`));
      });
    return [...symbols.filter(isMissing).map((symbol) => nameWithFile(symbol)), ...members];
  });
  return [...new Set(missing)].sort();
}

function nameWithFile(symbol: ts.Symbol, owner = ''): string {
  return `${owner}${symbol.name} (${basename(symbol.declarations?.[0]?.getSourceFile().fileName ?? '')})`;
}

function isOurs(symbol: ts.Symbol, program: ts.Program): boolean {
  const files = (symbol.declarations ?? []).map((declaration) => declaration.getSourceFile());
  return !files.some((file) => program.isSourceFileFromExternalLibrary(file) || file.isDeclarationFile);
}

function isDocumented(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== '';
}
