import { extname } from 'node:path';
import { imageExtensions } from './image-extensions.ts';

/** Extensions of images that are not read. */
const otherImageExtensions = `
  .jpe .jif .jpg_large .dib .apng .mng .mpo .hif .heics .heifs .avifs .avci
  .svg .svgz .eps .wmf .emf .psd .psb .xcf .kra .ico .icns .cur
  .raw .dng .cr2 .cr3 .crw .nef .nrw .arw .sr2 .srf .srw .orf .rw2 .raf .pef .x3f .3fr .erf .kdc .mrw .rwl .iiq
  .jp2 .j2k .j2c .jpc .jpf .jpx .jpm .jxl .jxr .wdp .hdp .jls .bpg .qoi .flif
  .pbm .pgm .ppm .pnm .pam .pfm .xbm .xpm .pcx .tga .sgi .wbmp .pict .hdr .exr .dds .ktx .dcm .fits`;

const allImageExtensions = new Set([...imageExtensions, ...otherImageExtensions.trim().split(/\s+/)]);

/** Numbers of the files below a folder that are not among its images. Files that systems create are not counted. */
export interface LeftOutFiles {
  /** Number of images in formats that are not read, by file extension in lower case. */
  readonly extensions: ReadonlyMap<string, number>;
  /** Number of files that are no images. */
  readonly other: number;
  /** Number of hidden images: their names begin with a dot. */
  readonly hiddenImages: number;
  /** Number of links to nothing. */
  readonly brokenLinks: number;
  /** Number of images outside of class folders; 0 in a folder without classes. */
  readonly imagesOutsideOfClasses: number;
  /** Number of class folders without images; 0 in a folder without classes. */
  readonly foldersWithoutImages: number;
}

/** Counts files that are left out. */
export class LeftOutCounter {
  readonly #extensions = new Map<string, number>();
  other = 0;
  hiddenImages = 0;
  brokenLinks = 0;
  imagesOutsideOfClasses = 0;
  foldersWithoutImages = 0;

  /** Counts a file that is not read because of its name. */
  addFile(name: string): void {
    const extension = extname(name).toLowerCase();
    if (allImageExtensions.has(extension)) this.#addExtension(extension, 1);
    else this.other += 1;
  }

  /** Adds the counts of another counter. */
  add(counter: LeftOutCounter): void {
    for (const [extension, count] of counter.#extensions) this.#addExtension(extension, count);
    this.other += counter.other;
    this.hiddenImages += counter.hiddenImages;
    this.brokenLinks += counter.brokenLinks;
    this.imagesOutsideOfClasses += counter.imagesOutsideOfClasses;
    this.foldersWithoutImages += counter.foldersWithoutImages;
  }

  toCounts(): LeftOutFiles {
    const { other, hiddenImages, brokenLinks, imagesOutsideOfClasses, foldersWithoutImages } = this;
    return {
      extensions: new Map(this.#extensions),
      ...{ other, hiddenImages, brokenLinks, imagesOutsideOfClasses, foldersWithoutImages },
    };
  }

  #addExtension(extension: string, count: number): void {
    this.#extensions.set(extension, (this.#extensions.get(extension) ?? 0) + count);
  }
}

/** Describes files that are left out: `12 .svg, 3 .raw, 3 other`; null if there are none. */
export function describeLeftOut(leftOut: LeftOutFiles): string | null {
  const extensions = [...leftOut.extensions].sort(
    ([first, firstCount], [second, secondCount]) => secondCount - firstCount || (first < second ? -1 : 1),
  );
  const parts = [
    ...extensions.map(([extension, count]) => `${count} ${extension}`),
    ...(leftOut.other > 0 ? [`${leftOut.other} other`] : []),
    ...counted(leftOut.hiddenImages, 'hidden image'),
    ...counted(leftOut.brokenLinks, 'broken link'),
    ...counted(leftOut.imagesOutsideOfClasses, 'image', ' outside of class folders'),
    ...counted(leftOut.foldersWithoutImages, 'folder', ' without images'),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

function counted(count: number, noun: string, rest = ''): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}${rest}`];
}
