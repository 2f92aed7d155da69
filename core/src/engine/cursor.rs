//! Where an iteration stands.

/// Where an iteration stands. Its state means something only to the engine that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IterationCursor {
    /// The engine's own bytes; empty at the start.
    pub state: Vec<u8>,
    /// Whether there is nothing more to fetch.
    pub finished: bool,
}

impl IterationCursor {
    /// The cursor every iteration begins with.
    #[must_use]
    pub fn start() -> Self {
        Self::default()
    }

    /// The cursor of an iteration that has ended.
    #[must_use]
    pub fn end() -> Self {
        Self { state: Vec::new(), finished: true }
    }
}

/// One page of an iteration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchResult<T> {
    /// The page: at most as many items as asked for, perhaps none before the end.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next_cursor: IterationCursor,
}

impl<T> FetchResult<T> {
    /// The last, empty page.
    #[must_use]
    pub fn end() -> Self {
        Self { items: Vec::new(), next_cursor: IterationCursor::end() }
    }
}
