//! Shared immutable strings, bytes and lists.

mod bytes;
mod slice;
mod text;

pub use bytes::SharedBytes;
pub use slice::SharedSlice;
pub use text::SharedStr;
