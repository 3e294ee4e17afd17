import { escapeHtml, htmlPage } from '@openset/report';
import { count, counted, decimal } from '../evaluation/texts.ts';
import type { AlignedFace, AlignedPhoto } from './align-journal.ts';

/** Content of a contact sheet. */
export interface ContactSheet {
  /** What the photos were given as. */
  readonly title: string;
  readonly photos: readonly AlignedPhoto[];
  /** Height and width of the crops in pixels. */
  readonly size: number;
  /** Returns the address of a photo, for links; null if there is none. */
  readonly photoAddress: (photo: AlignedPhoto) => string | null;
}

/** Largest side of a shown crop in pixels. */
const largestThumbnail = 112;

/**
 * Renders crops with their scores, sizes and sharpness, and rejected photos with the reasons, as one HTML page without links to
 * other pages. Images are those of the crops, relative to the page, and load as they come into view: thousands stay fluent.
 */
export function contactSheet({ title, photos, size, photoAddress }: ContactSheet): string {
  const crops = photos.flatMap((photo) =>
    photo.faces.map((face) => ({ face, address: photoAddress(photo) })),
  );
  const rejects = photos.flatMap((photo) =>
    photo.rejects.map(({ reason }) => ({ name: photo.name, reason, address: photoAddress(photo) })),
  );
  const summary = `${counted(crops.length, 'crop')} from ${counted(photos.length, 'photo')}, ${counted(rejects.length, 'reject')}.`;
  const body = `<p>${summary} The page shows the crops of its folder: move it only with them.</p>
${rejects.length > 0 ? `<h2>Rejects (${count(rejects.length)})</h2>\n${rejectTable(rejects)}` : ''}
<h2>Crops (${count(crops.length)})</h2>
<p><label>Sort by <select id="order"><option value="name">name</option><option value="score">lowest score</option><option value="sharpness">lowest sharpness</option><option value="eyes">smallest eye distance</option></select></label></p>
<main id="crops">
${crops.map(({ face, address }, index) => cropFigure(face, address, index)).join('\n')}
</main>
<script>
${script}
</script>`;
  return htmlPage({ title, style: style(Math.min(size, largestThumbnail)), body });
}

function style(side: number): string {
  return `body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(${side + 48}px, 1fr)); gap: .75rem }
figure { margin: 0; contain-intrinsic-size: ${side + 48}px ${side + 70}px; content-visibility: auto }
img { width: ${side}px; height: ${side}px; object-fit: contain; background: #eee }
figcaption { font-size: 11px; overflow-wrap: anywhere } figcaption span { color: #666 }
table { border-collapse: collapse; font-size: 13px } td, th { border: 1px solid #ccc; padding: .2em .5em; text-align: left }
.rejects { max-height: 24rem; overflow: auto }`;
}

const script = `const crops = document.getElementById('crops');
const figures = [...crops.children];
document.getElementById('order').addEventListener('change', ({ target }) => {
  const key = target.value === 'name' ? 'index' : target.value;
  crops.append(...figures.toSorted((one, other) => one.dataset[key] - other.dataset[key]));
});`;

function cropFigure(face: AlignedFace, address: string | null, index: number): string {
  const { file, score, sharpness, eyeDistance, box } = face;
  const facts = `score ${decimal(score, 2)}, sharpness ${sharpness}, eyes ${eyeDistance} px apart, face ${Math.round(box.width)} × ${Math.round(box.height)} px`;
  const image = `<img loading="lazy" src="${relativeAddress(file)}" alt="">`;
  const data = `data-index="${index}" data-score="${score}" data-sharpness="${sharpness}" data-eyes="${eyeDistance}"`;
  return `<figure ${data}>${linked(image, address)}<figcaption>${escapeHtml(file)}<br><span>${facts}</span></figcaption></figure>`;
}

function rejectTable(
  rejects: readonly { readonly name: string; readonly reason: string; readonly address: string | null }[],
): string {
  const rows = rejects.map(({ name, reason, address }) => {
    return `<tr><td>${linked(escapeHtml(name), address)}</td><td>${escapeHtml(reason)}</td></tr>`;
  });
  return `<div class="rejects"><table><tr><th>photo</th><th>reason</th></tr>\n${rows.join('\n')}\n</table></div>`;
}

function linked(html: string, address: string | null): string {
  return address === null ? html : `<a href="${escapeHtml(address)}">${html}</a>`;
}

/** Returns the address of a file below the page. */
export function relativeAddress(path: string): string {
  return escapeHtml(path.split('/').map(encodeURIComponent).join('/'));
}
