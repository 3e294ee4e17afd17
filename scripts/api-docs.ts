// Writes the API reference of all packages into docs/api: npm run docs:api
import { relative } from 'node:path';
import {
  Application,
  Comment,
  type Context,
  Converter,
  type DeclarationReflection,
  IntrinsicType,
  ReflectionKind,
  type TypeDocOptions,
} from 'typedoc';
import { documentationRules } from '../tests/support/documentation-rules.ts';
import { rootFolder, sourceEntries, workspacePackages } from '../tests/support/workspace.ts';

const packages = workspacePackages();
const entryPoints = packages.flatMap((one) =>
  Object.entries(sourceEntries(one)).map(([entry, file]) => ({
    file: relative(rootFolder, file),
    name: one.manifest.name + entry.slice(1),
    description: one.manifest.description,
  })),
);

const options: TypeDocOptions = {
  ...documentationRules,
  entryPoints: entryPoints.map(({ file }) => file),
  tsconfig: 'tsconfig.json',
  name: 'API reference',
  readme: 'none',
  out: 'docs/api',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
};
const markdownOptions = {
  router: 'module',
  docsRoot: 'docs',
  entryFileName: 'index',
  // `docs/.vitepress/sidebar.ts` lists the pages.
  sidebar: { autoConfiguration: false },
  hidePageHeader: true,
  hideBreadcrumbs: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  useCodeBlocks: true,
  expandParameters: true,
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true },
  useHTMLAnchors: true,
};

const application = await Application.bootstrapWithPlugins({ ...options, ...markdownOptions });
application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
  const modules = project.getReflectionsByKind(ReflectionKind.Module) as DeclarationReflection[];
  for (const module of modules) {
    const entry = entryPoints.find(
      ({ file }) => file.replace(/^packages\/|(\/index)?\.ts$/g, '') === module.name,
    );
    if (!entry) throw new Error(`No package has the entry point ${module.name}.`);
    module.name = entry.name;
    module.comment ??= new Comment([{ kind: 'text', text: entry.description ?? '' }]);
  }
  // Constants such as descriptors have types as long as their values.
  for (const variable of project.getReflectionsByKind(ReflectionKind.Variable) as DeclarationReflection[]) {
    if (variable.type?.type !== 'reflection' || variable.type.declaration.signatures) continue;
    project.removeReflection(variable.type.declaration);
    variable.type = new IntrinsicType('object');
  }
  for (const { comment } of Object.values(project.reflections)) {
    const description = comment?.getTag('@description');
    if (!comment || !description) continue;
    comment.summary.push(...description.content);
    comment.removeTags('@description');
  }
});

// TypeDoc names a parameter that is taken apart after its `@param` first, where there is one.
application.converter.on(Converter.EVENT_RESOLVE_END, ({ project }: Context) => {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    if (parameter.name === '__namedParameters') parameter.name = 'options';
  }
});

// After TypeDoc has found what classes inherit, and before it groups their members.
application.converter.on(
  Converter.EVENT_RESOLVE_END,
  ({ project }: Context) => {
    for (const one of project.getReflectionsByKind(ReflectionKind.Class) as DeclarationReflection[]) {
      for (const member of [...(one.children ?? [])]) {
        // A class links to those that it extends, which describe these methods.
        const isInherited = member.signatures?.every(({ inheritedFrom }) => inheritedFrom);
        if (member.kindOf(ReflectionKind.Method) && isInherited) project.removeReflection(member);
        // Initial values, which the constructor replaces.
        delete member.defaultValue;
      }
    }
  },
  -50,
);

const project = await application.convert();
if (project) {
  application.validate(project);
  await application.generateOutputs(project);
}
if (!project || application.logger.hasErrors() || application.logger.hasWarnings()) process.exit(1);
