//! Everything a map has, in memory or not, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilayer_core::{
    ExpiryReason, RecordMetadata, RecordStore as _, RecordValue, ScanPage, ScanRequest, StoredValue, Value,
};

use super::map::single;
use super::{Map, MapError};

/// What a limit of 0 stands for.
const DEFAULT_LIMIT: usize = 256;
const MAX_LIMIT: usize = 65_536;

/// One page of a scan of a map.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ScannedPage {
    /// Entries in order of their keys' bytes.
    pub items: Vec<ScannedEntry>,
    /// Whether more may follow; pass the last key as [`ScanRequest::after`].
    pub more: bool,
}

/// One entry of a map, as a scan found it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScannedEntry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: RecordValue,
    /// When it expires by time to live, in ms since the epoch; 0 = never, or not known.
    pub expiration_time: i64,
    /// What the record store knows of it, if it is in memory.
    pub metadata: Option<RecordMetadata>,
}

impl ScannedEntry {
    /// The value, if it is a single one.
    #[must_use]
    pub fn single(&self) -> Option<Value> {
        single(self.value.clone())
    }
}

impl Map {
    /// One page of everything the map has, resident or not, in order of key.
    ///
    /// A limit of 0 stands for 256; more than 65,536 are not given at once. Loads nothing
    /// into memory and counts no access. A walk over all pages shows each key that was
    /// there throughout exactly once, with some value it had during the walk; keys
    /// written or removed meanwhile may or may not show. Removed and expired keys do not.
    /// Without a data store, what is in memory is everything.
    ///
    /// Each page also costs a look at every value not yet persisted; without a data store, at every
    /// record in memory.
    ///
    /// # Errors
    /// When the data store does not scan, or fails to.
    pub async fn scan(&self, request: ScanRequest) -> Result<ScannedPage, MapError> {
        let blueprint = self.blueprint();
        if !blueprint.data_store.is_scannable() && !blueprint.data_store.is_null() {
            let data_store = format!("{:?}", blueprint.settings.data_store.name);
            return Err(MapError::CannotScan { map: self.name().to_owned(), data_store });
        }
        let limit = if request.limit == 0 { DEFAULT_LIMIT } else { request.limit.min(MAX_LIMIT) };
        let mut request = ScanRequest { limit, ..request };
        let mut page = ScannedPage::default();
        loop {
            let stores = self.stores();
            let (candidates, more) = self.candidates(&request).await?;
            let (last, now) = (candidates.keys().next_back().cloned(), self.now());
            let shown: Vec<ScannedEntry> =
                candidates.into_iter().filter_map(|(key, stored)| self.shown(key, stored, now)).collect();
            if stores.iter().any(|store| store.is_replaced()) {
                // A store that was replaced meanwhile may have shown less than there is: look again.
                stores.iter().for_each(|store| store.await_hand_over());
                continue;
            }
            request.after = last.or(request.after);
            page.items.extend(shown);
            page.more = more;
            if !more || page.items.len() >= limit {
                break;
            }
        }
        if page.items.len() > limit {
            page.items.truncate(limit);
            page.more = true;
        }
        Ok(page)
    }

    /// The next keys at most `request.limit` with what is persisted or about to be, and
    /// whether more follow.
    async fn candidates(
        &self,
        request: &ScanRequest,
    ) -> Result<(BTreeMap<String, StoredValue>, bool), MapError> {
        // Memory first: what is persisted between the two looks is then seen by the second.
        let (unflushed, cut) = self.unflushed(request);
        let scanned = self.persisted(request).await?;
        let more = scanned.more && !scanned.items.is_empty();
        let last = scanned.items.last().filter(|_| more).map(|(key, _)| key.clone());
        let mut candidates: BTreeMap<String, StoredValue> = scanned.items.into_iter().collect();
        candidates.extend(unflushed);
        if let Some(last) = last {
            // Beyond its last key the data store may have keys that belong in between.
            candidates.retain(|key, _| *key <= last);
        }
        let mut more = more || cut;
        while candidates.len() > request.limit {
            candidates.pop_last();
            more = true;
        }
        Ok((candidates, more))
    }

    async fn persisted(&self, request: &ScanRequest) -> Result<ScanPage, MapError> {
        let data_store = Arc::clone(&self.blueprint().data_store);
        if data_store.is_null() {
            return Ok(ScanPage::default());
        }
        data_store.scan(self.name(), request).await.map_err(|source| self.failed("scan", source))
    }

    /// The first values the data store does not have yet, and whether there are more.
    fn unflushed(&self, request: &ScanRequest) -> (BTreeMap<String, StoredValue>, bool) {
        let mut first = BTreeMap::new();
        let mut cut = false;
        for (key, stored) in self.stores().iter().flat_map(|store| store.unflushed()) {
            let wanted =
                key.starts_with(&request.prefix) && request.after.as_ref().is_none_or(|after| key > *after);
            if !wanted {
                continue;
            }
            first.insert(key, stored);
            if first.len() > request.limit {
                first.pop_last();
                cut = true;
            }
        }
        (first, cut)
    }

    /// The entry as the map has it now, if it has.
    fn shown(&self, key: String, stored: StoredValue, now: i64) -> Option<ScannedEntry> {
        let expiration_time = stored.expiration_time;
        let expired = expiration_time > 0 && now > expiration_time;
        let store = self.made(self.partition_of(&key));
        let Some(store) = store else {
            let value = stored.value;
            return (!expired).then_some(ScannedEntry { key, value, expiration_time, metadata: None });
        };
        if store.is_forgotten(&key) {
            return None;
        }
        let resident = store.storage().get(&key);
        match resident.filter(|_| store.has_expired(&key, now, false) == ExpiryReason::NotExpired) {
            Some(record) => {
                let (value, metadata) = (record.value, Some(record.metadata));
                Some(ScannedEntry { key, value, expiration_time, metadata })
            }
            None if expired => None,
            None => Some(ScannedEntry { key, value: stored.value, expiration_time, metadata: None }),
        }
    }
}
