//! Loads and scans, each in one read transaction.

use std::collections::HashSet;
use std::ops::Bound;
use std::path::Path;

use redb::{ReadOnlyTable, ReadTransaction, TableDefinition, TableError};
use trilayer_core::{ScanPage, ScanRequest, StoredValue};

use crate::{RedbError, format};

/// A page of a scan ends when its values exceed this, in bytes of the file.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// The table of a map: prefixed, so that no map's name is that of another table.
pub(crate) fn table_name(map: &str) -> String {
    format!("map:{map}")
}

/// Reads of one map.
pub(crate) struct MapReader<'a> {
    path: &'a Path,
    map: &'a str,
    /// Absent as long as nothing was ever stored in the map.
    table: Option<ReadOnlyTable<&'static str, &'static [u8]>>,
}

impl<'a> MapReader<'a> {
    pub(crate) fn new(path: &'a Path, map: &'a str, from: &ReadTransaction) -> Result<Self, RedbError> {
        let table = match from.open_table(TableDefinition::new(&table_name(map))) {
            Ok(table) => Some(table),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(RedbError::storage(path, format!("open map {map:?}"), error)),
        };
        Ok(Self { path, map, table })
    }

    pub(crate) fn load(&self, key: &str) -> Result<Option<StoredValue>, RedbError> {
        let Some(table) = &self.table else { return Ok(None) };
        let bytes = table.get(key).map_err(|error| self.unreadable(key, error))?;
        bytes.map(|bytes| self.decode(key, bytes.value())).transpose()
    }

    /// The values of those keys that are there, each key once.
    pub(crate) fn load_all(&self, keys: &[String]) -> Result<Vec<(String, StoredValue)>, RedbError> {
        let mut seen = HashSet::with_capacity(keys.len());
        let mut found = Vec::new();
        for key in keys {
            if seen.insert(key)
                && let Some(stored) = self.load(key)?
            {
                found.push((key.clone(), stored));
            }
        }
        Ok(found)
    }

    pub(crate) fn scan(&self, request: &ScanRequest) -> Result<ScanPage, RedbError> {
        let mut page = ScanPage::default();
        let Some(table) = &self.table else { return Ok(page) };
        let from = start(request);
        let entries = table.range::<&str>((from, Bound::Unbounded));
        let mut bytes = 0;
        for entry in entries.map_err(|error| self.unscannable(error))? {
            let (key, value) = entry.map_err(|error| self.unscannable(error))?;
            let (key, value) = (key.value(), value.value());
            if !key.starts_with(&request.prefix) {
                break;
            }
            if page.items.len() >= request.limit || bytes > MAX_PAGE_BYTES {
                page.more = true;
                break;
            }
            bytes += key.len() + value.len();
            page.items.push((key.to_owned(), self.decode(key, value)?));
        }
        Ok(page)
    }

    fn decode(&self, key: &str, bytes: &[u8]) -> Result<StoredValue, RedbError> {
        format::decode(key, bytes).map_err(|problem| RedbError::DamagedValue {
            path: self.path.to_owned(),
            map: self.map.to_owned(),
            key: key.to_owned(),
            problem,
        })
    }

    fn unreadable(&self, key: &str, error: redb::StorageError) -> RedbError {
        RedbError::storage(self.path, format!("read key {key:?} of map {:?}", self.map), error)
    }

    fn unscannable(&self, error: redb::StorageError) -> RedbError {
        RedbError::storage(self.path, format!("scan map {:?}", self.map), error)
    }
}

/// Where a scan starts: after the last page, or at the prefix if that is later.
fn start(request: &ScanRequest) -> Bound<&str> {
    match &request.after {
        Some(after) if *after >= request.prefix => Bound::Excluded(after),
        _ => Bound::Included(&request.prefix),
    }
}
