//! Everything a map has, page by page.

use trilayer::{Map, MapError, ScanRequest, ScannedEntry};

const PAGE: usize = 1024;

/// Walks over a map's stored entries in order of key, in bounded memory.
#[derive(Debug)]
pub(crate) struct Pages {
    map: Map,
    request: ScanRequest,
    more: bool,
}

impl Pages {
    /// Of the keys that start with `prefix`.
    pub(crate) fn new(map: &Map, prefix: &str) -> Self {
        let request = ScanRequest { prefix: prefix.to_owned(), after: None, limit: PAGE };
        Self { map: map.clone(), request, more: true }
    }

    /// The next page; `None` at the end. After an error the same page is asked for again.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<ScannedEntry>>, MapError> {
        if !self.more {
            return Ok(None);
        }
        let page = self.map.scan(self.request.clone()).await?;
        self.more = page.more && !page.items.is_empty();
        self.request.after = page.items.last().map(|entry| entry.key.clone()).or(self.request.after.take());
        Ok(Some(page.items))
    }

    /// Goes on after this key.
    pub(crate) fn skip_to(&mut self, key: &str) {
        self.request.after = Some(key.to_owned());
    }

    /// How many entries there are from here on.
    pub(crate) async fn count(mut self) -> Result<u64, MapError> {
        let mut count = 0;
        while let Some(page) = self.next().await? {
            count += page.len() as u64;
        }
        Ok(count)
    }
}
