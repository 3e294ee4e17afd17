/** Names of the graph's input and output. */
export const inputName = 'input';
export const outputName = 'embedding';
