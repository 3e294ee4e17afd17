import type { DefaultTheme } from 'vitepress';
import { sourceEntries, workspacePackages } from '../../tests/support/workspace.ts';

type Item = DefaultTheme.SidebarItem;

const page = (text: string, link: string): Item => ({ text, link });
/** A group that leads to its first or main page. Without a link, its title would be a button around a button. */
const group = (text: string, link: string, items: Item[], collapsed = true): Item => ({
  ...{ text, link, items, collapsed },
});

/** The pages of the site, in the order in which a stranger needs them. */
export function sidebar(): Item[] {
  const packages = workspacePackages();
  return [
    group(
      'Start',
      '/getting-started',
      [
        page('Getting started', '/getting-started'),
        page('I have photos', '/guides/photos'),
        page('I have embeddings', '/guides/embeddings'),
        page('I have my own network', '/guides/network'),
        page('I need a threshold', '/guides/threshold'),
        page('Overview and packages', '/overview'),
        page('Responsible use', '/responsible-use'),
      ],
      false,
    ),
    group(
      'Use',
      '/photos',
      [
        page('Photos as they come', '/photos'),
        page('Check your images', '/checking-images'),
        page('Data formats', '/data-formats'),
        page('Networks that others trained', '/pretrained'),
        page('Train a head', '/train-a-head'),
        page('Train on several machines', '/distributed'),
        page('Which threshold?', '/choosing-a-threshold'),
        page('Run the service', '/serving'),
        page('onnxruntime as the engine', '/engines'),
        page('The node backend', '/node-backend'),
      ],
      false,
    ),
    group(
      'Losses',
      '/losses',
      [
        page('The losses, one by one', '/losses'),
        page('The algebra', '/algebra'),
        page('Papers, their code, and this project', '/papers'),
        page('Every loss with every backbone', '/matrix'),
        page('Sizes in a bundle', '/bundle-sizes'),
      ],
      false,
    ),
    group('Measurements', '/performance', [
      page('Performance', '/performance'),
      page('Wrong gradients of tfjs', '/backends'),
    ]),
    group('Studies', '/studies/', [
      page('Faces from scratch', '/studies/lfw'),
      page('How large a network?', '/studies/lfw-sizes'),
      page('Every loss, in equal time', '/studies/losses'),
      page('MNIST', '/studies/uniform-mnist'),
      page('Fashion-MNIST', '/studies/uniform-fashion'),
      page('CIFAR-10', '/studies/uniform-cifar10'),
      page('Thresholds for strangers', '/studies/strangers'),
      page('Thresholds for galleries', '/studies/gallery-trust'),
      page('A threshold for each person', '/studies/thresholds'),
      page('The threshold of faceres', '/studies/faceres-threshold'),
      page("Somebody else's embeddings", '/studies/faceres'),
      page('Drift of prototypes', '/studies/drift'),
    ]),
    group(
      'Packages',
      '/overview#packages',
      packages.map(({ shortName }) => page(shortName, `/packages/${shortName}`)),
    ),
    group('API reference', '/api/', [
      ...packages.flatMap((one) =>
        Object.keys(sourceEntries(one)).map((entry) => {
          const name = one.shortName + entry.slice(1);
          return page(name, `/api/${name}`);
        }),
      ),
    ]),
    group('Examples', '/examples/ten-lines', [
      page('Ten lines', '/examples/ten-lines'),
      page('Quickstart', '/examples/quickstart'),
      page('Train in a page', '/examples/browser-train'),
      page('Recognise faces in a page', '/examples/browser-faces'),
      page('Studies', '/examples/studies'),
    ]),
    group('Contribute', '/contributing', [
      page('Contributing', '/contributing'),
      page('Architecture', '/architecture'),
      page('Add a loss', '/add-a-loss'),
      page('Publishing', '/publishing'),
    ]),
  ];
}
