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

/**
 * Returns the names of exported symbols without a doc comment, and of members of exported types that nothing explains, each with the
 * file of the declaration. Follows re-exports. Skips symbols of other packages.
 *
 * A member is explained by its own comment, by the comment of the type if that names it in backticks, or by its value if that can only be
 * one text, as in `kind: 'pair'`. A member of `ResolvedThingOptions` is explained by that of `ThingOptions`. Private, protected and
 * internal members need nothing.
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
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter((symbol) => isOurs(symbol, program));
    const types = symbols.filter(({ flags }) => flags & ts.SymbolFlags.Type);
    const members = types.flatMap((owner) => {
      const options = types.find(({ name }) => owner.name === `Resolved${name}`);
      const explained = new Set(options && membersOf(options, checker).map(({ name }) => name));
      return membersOf(owner, checker)
        .filter((member) => isOurs(member, program) && !explained.has(member.name))
        .filter((member) => !isExplained(member, owner, checker))
        .map((member) => nameWithFile(member, `${owner.name}.`));
    });
    const bare = symbols.filter((symbol) => commentOf(symbol, checker) === '');
    return [...bare.map((symbol) => nameWithFile(symbol)), ...members];
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

/** Returns the members of a type; those of all its parts for a union. Texts and numbers have none. */
function membersOf(owner: ts.Symbol, checker: ts.TypeChecker): ts.Symbol[] {
  const type = checker.getDeclaredTypeOfSymbol(owner);
  const parts = type.isUnion() ? type.types : [type];
  const isObject = ({ flags }: ts.Type) => flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection);
  return parts.filter(isObject).flatMap((part) => part.getProperties());
}

function isExplained(member: ts.Symbol, owner: ts.Symbol, checker: ts.TypeChecker): boolean {
  const [declaration] = member.declarations ?? [];
  // A mapped type makes members without a declaration from those of another type.
  if (!declaration || isHidden(declaration) || commentOf(member, checker) !== '') return true;
  if (checker.getTypeOfSymbol(member).isStringLiteral()) return true;
  const declaredIn = checker.getSymbolAtLocation(
    ts.getNameOfDeclaration(ownerOf(declaration)) ?? declaration,
  );
  return [owner, declaredIn].some((one) => one && commentOf(one, checker).includes(`\`${member.name}\``));
}

/** The interface, class or alias in which a member is declared. */
function ownerOf(declaration: ts.Declaration): ts.Declaration {
  const isType = (node: ts.Node) =>
    ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) || ts.isTypeAliasDeclaration(node);
  return (ts.findAncestor(declaration.parent, isType) as ts.Declaration | undefined) ?? declaration;
}

function isHidden(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  if (name && ts.isPrivateIdentifier(name)) return true;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.getCombinedModifierFlags(declaration) & hidden) return true;
  return ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal');
}

/** The text of a doc comment; openapi-typescript writes it after `@description`. */
function commentOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const described = symbol.getJsDocTags(checker).find(({ name }) => name === 'description')?.text;
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return `${text} ${ts.displayPartsToString(described)}`.trim();
}
