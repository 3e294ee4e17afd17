/** Path of the gallery of every command that needs one. A file of its own, so that the command's help loads nothing else. */
export const defaultGallery = 'openset-gallery.db';
