export { TemplateLoss, type TemplateLossOptions, templateDescriptor } from './template-loss.ts';
