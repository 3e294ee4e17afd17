export { writeOnnx } from './write-onnx.ts';
