export {
  loadNodeRuntime,
  type NodeOnnxEngineOptions,
  type NodeRuntime,
  nodeOnnxEngine,
} from './engine/node-engine.ts';
export { writeOnnx } from './write-onnx.ts';
