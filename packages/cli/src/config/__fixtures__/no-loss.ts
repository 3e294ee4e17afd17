/** A class in a module without any descriptor. */
export class PlainLoss {}
