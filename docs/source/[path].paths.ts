import { linkedSources, sourceText } from '../.vitepress/routes.ts';

/** The files and folders of the repository to which pages link, each as a page. */
export default {
  paths: () => {
    const paths = linkedSources();
    return paths.map((path) => ({ params: { path }, content: sourceText(path, paths) }));
  },
};
