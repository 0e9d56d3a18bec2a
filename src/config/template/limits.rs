//! How much a template may do. Real files stay far below each of these.

/// Bytes of the rendered text, and of any single text on the way.
pub(super) const TEXT_BYTES_MAX: usize = 64 << 20;
/// Elements of any single list.
pub(super) const LIST_LENGTH_MAX: usize = 1 << 20;
/// Bytes of texts and elements of lists that functions read and make, all together.
pub(super) const WORK_MAX: usize = 1 << 30;
/// Actions, loop rounds and function calls, all together.
pub(super) const STEPS_MAX: usize = 2_000_000;
/// How deep templates may call templates.
pub(super) const CALLS_DEPTH_MAX: usize = 100;
/// How deep calls, blocks and parentheses may nest while a template is carried out; bounds the stack.
pub(super) const LEVELS_MAX: usize = 300;
/// How deep blocks and parentheses may nest in a file.
pub(super) const NESTING_MAX: usize = 100;
/// How deep values may nest.
pub(super) const VALUE_DEPTH_MAX: usize = 200;
