/**
 * Returns the element of the page with an identifier.
 * @param type class of the element; default HTMLElement
 * @throws Error if there is none of that class
 */
export function find<Found extends HTMLElement = HTMLElement>(id: string, type?: new () => Found): Found {
  const found = document.getElementById(id);
  if (!(found instanceof (type ?? HTMLElement)))
    throw new Error(`The page has no ${type?.name ?? 'element'} '${id}'.`);
  return found as Found;
}

/** Attributes of a new element. Functions listen to the event of that name; false is left out. */
type Attributes = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

/** Creates an element. Strings become text, never markup. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** Creates an element of a drawing. */
export function draw(
  tag: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: (Node | string)[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Lets screen readers say a text without moving the focus. */
export function announce(text: string): void {
  const place = find('announcement');
  // The same text twice would be silent.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
