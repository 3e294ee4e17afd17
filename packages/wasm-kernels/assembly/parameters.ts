// Reads the parameters of a task: 48 integers or addresses, then 16 floats.

// @inline
export function integer(parameters: usize, index: i32): i32 {
  return load<i32>(parameters + ((<usize>index) << 2));
}

// @inline
export function address(parameters: usize, index: i32): usize {
  return load<usize>(parameters + ((<usize>index) << 2));
}

// @inline
export function float(parameters: usize, index: i32): f32 {
  return load<f32>(parameters + 192 + ((<usize>index) << 2));
}

/** Returns the address of the floats. */
// @inline
export function floats(parameters: usize): usize {
  return parameters + 192;
}
