/** Path of the model that `openset train` writes by default. A file of its own, so that the command's help loads nothing else. */
export const ownModel = 'openset-run/model.safetensors';
