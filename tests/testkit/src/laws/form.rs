//! How what is under test is held.

/// How what is under test is held while its laws are checked: callers see a trait object in any case,
/// of the type itself or of a pointer that forwards to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Concrete,
    /// In a `Box<dyn _>`.
    Boxed,
    /// In an `Arc<dyn _>`.
    Shared,
}
