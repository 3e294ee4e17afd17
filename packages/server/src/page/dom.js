// @ts-check

/**
 * Returns the element of the page with an identifier.
 * @template {typeof HTMLElement} [Type=typeof HTMLElement]
 * @param {string} id
 * @param {Type} [type] class of the element; default HTMLElement
 * @returns {InstanceType<Type>}
 * @throws Error if there is none of that class
 */
export function find(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof (type ?? HTMLElement)))
    throw new Error(`The page has no ${type?.name ?? 'element'} '${id}'.`);
  return /** @type {InstanceType<Type>} */ (found);
}

/**
 * Creates an element. Strings become text, never markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | ((event: Event) => void)>} [attributes] functions listen to the event of that name; false is left out
 * @param {...(Node | string | null)} children null is left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Creates an element of a drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Creates a button.
 * @param {string} text
 * @param {() => void} onClick
 * @param {Record<string, string | boolean>} [attributes]
 */
export function button(text, onClick, attributes = {}) {
  return create('button', { type: 'button', ...attributes, click: onClick }, text);
}

/**
 * Shows a problem at its place, or hides the place.
 * @param {HTMLElement} place
 * @param {string | null} problem
 */
export function showProblem(place, problem) {
  place.textContent = problem ?? '';
  place.hidden = problem === null;
}

/**
 * Lets screen readers say a text without moving the focus.
 * @param {string} text
 */
export function announce(text) {
  const place = find('announcement');
  // The same text twice would be silent.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
