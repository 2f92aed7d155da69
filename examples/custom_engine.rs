//! An engine of your own: records in key order, forwards or backwards.
//!
//! A plugin is three things: a type that keeps the trait's laws, options that serde reads, and
//! one `register!` that gives it a name. From then on a configuration can ask for it.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use parking_lot::RwLock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trilayer::{Config, Maps, Registry};
use trilayer_core::{
    AtomicUpdate, Context, Descriptor, FetchResult, IterationCursor, Record, RecordMetadata,
    RecordStore as _, SharedStr, StorageEngine, register,
};

/// Options of engine `ordered`. Unknown ones are refused without our doing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct OrderedOptions {
    /// Which way walks go.
    #[serde(default)]
    order: Order,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// From the first key to the last.
    #[default]
    Ascending,
    /// From the last key to the first.
    Descending,
}

register! {
    Descriptor::engine("ordered", "Walks records in key order", |_: &Context, options: OrderedOptions| {
        Ok(Box::new(OrderedEngine::new(options.order)))
    })
    .version(env!("CARGO_PKG_VERSION"))
}

/// Records in a B-tree behind one lock: every operation is atomic, none is very parallel.
struct OrderedEngine {
    order: Order,
    content: RwLock<Content>,
}

#[derive(Default)]
struct Content {
    records: BTreeMap<SharedStr, Entry>,
    /// The same keys without order, so that one can be picked at random.
    keys: Vec<SharedStr>,
    cost: u64,
}

struct Entry {
    record: Record,
    /// Where the key stands in `keys`.
    position: usize,
}

impl Content {
    fn put(&mut self, key: &str, record: Record) -> Option<Record> {
        self.cost += record.metadata.cost;
        if let Some(entry) = self.records.get_mut(key) {
            let old = std::mem::replace(&mut entry.record, record);
            self.cost -= old.metadata.cost;
            return Some(old);
        }
        let (key, position) = (SharedStr::from(key), self.keys.len());
        self.keys.push(key.clone());
        self.records.insert(key, Entry { record, position });
        None
    }

    fn remove(&mut self, key: &str) -> Option<Record> {
        let Entry { record, position } = self.records.remove(key)?;
        self.keys.swap_remove(position);
        if let Some(moved) = self.keys.get(position).and_then(|key| self.records.get_mut(key.as_str())) {
            moved.position = position;
        }
        self.cost -= record.metadata.cost;
        Some(record)
    }
}

/// A cursor is this mark and the last key seen: whatever comes or goes meanwhile, the keys
/// after that one are still to come.
const MARKS: [(Order, &[u8]); 2] = [(Order::Ascending, b"ordered>"), (Order::Descending, b"ordered<")];

impl OrderedEngine {
    fn new(order: Order) -> Self {
        Self { order, content: RwLock::default() }
    }

    fn mark(&self) -> &'static [u8] {
        MARKS[usize::from(self.order == Order::Descending)].1
    }

    fn page<T>(
        &self,
        cursor: &IterationCursor,
        size: usize,
        pick: impl Fn(&SharedStr, &Record) -> T,
    ) -> FetchResult<T> {
        let Some(after) = self.place(cursor) else { return FetchResult::end() };
        let content = self.content.read();
        let mut rest = content.walk(after, self.order).peekable();
        let (mut items, mut last) = (Vec::new(), after);
        while let Some((key, record)) = rest.next_if(|_| items.len() < size) {
            items.push(pick(key, record));
            last = Some(key);
        }
        let next_cursor = match rest.peek() {
            None => IterationCursor::end(),
            Some(_) => self.cursor(last),
        };
        FetchResult { items, next_cursor }
    }

    fn cursor(&self, last: Option<&str>) -> IterationCursor {
        let state = last.map(|key| [self.mark(), key.as_bytes()].concat());
        IterationCursor { state: state.unwrap_or_default(), finished: false }
    }

    /// The key a cursor stands after; outside `None` if it is finished or not ours.
    fn place<'a>(&self, cursor: &'a IterationCursor) -> Option<Option<&'a str>> {
        match cursor.state.as_slice() {
            _ if cursor.finished => None,
            [] => Some(None),
            state => std::str::from_utf8(state.strip_prefix(self.mark())?).ok().map(Some),
        }
    }
}

impl Content {
    fn walk(
        &self,
        after: Option<&str>,
        order: Order,
    ) -> Box<dyn Iterator<Item = (&SharedStr, &Record)> + '_> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = match order {
            Order::Ascending => (after, Bound::Unbounded),
            Order::Descending => (Bound::Unbounded, after),
        };
        let entries = self.records.range::<str, _>(range).map(|(key, entry)| (key, &entry.record));
        match order {
            Order::Ascending => Box::new(entries),
            Order::Descending => Box::new(entries.rev()),
        }
    }
}

fn copy(key: &SharedStr, record: &Record) -> (String, Record) {
    (key.to_string(), record.clone())
}

impl StorageEngine for OrderedEngine {
    fn put(&self, key: &str, record: Record) -> Option<Record> {
        self.content.write().put(key, record)
    }

    fn get(&self, key: &str) -> Option<Record> {
        self.content.read().records.get(key).map(|entry| entry.record.clone())
    }

    fn remove(&self, key: &str) -> Option<Record> {
        self.content.write().remove(key)
    }

    fn contains_key(&self, key: &str) -> bool {
        self.content.read().records.contains_key(key)
    }

    fn len(&self) -> usize {
        self.content.read().keys.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&self) {
        let gone = std::mem::take(&mut *self.content.write());
        // Dropped here, when the lock is free again.
        drop(gone);
    }

    fn destroy(&self) {
        self.clear();
    }

    fn estimated_cost(&self) -> u64 {
        self.content.read().cost
    }

    fn fetch_keys(&self, cursor: &IterationCursor, size: usize) -> FetchResult<String> {
        self.page(cursor, size, |key, _| key.to_string())
    }

    fn fetch_entries(&self, cursor: &IterationCursor, size: usize) -> FetchResult<(String, Record)> {
        self.page(cursor, size, copy)
    }

    fn snapshot_iter(&self) -> Vec<(String, Record)> {
        self.page(&IterationCursor::start(), usize::MAX, copy).items
    }

    /// Floyd's sampling: `count` different positions for `count` draws.
    fn random_samples(&self, count: usize) -> Vec<(String, Record)> {
        let content = self.content.read();
        let len = content.keys.len();
        let mut picked = HashSet::new();
        for upper in len - count.min(len)..len {
            let draw = fastrand::usize(..=upper);
            if !picked.insert(draw) {
                picked.insert(upper);
            }
        }
        let keys = picked.into_iter().map(|position| &content.keys[position]);
        keys.filter_map(|key| Some(copy(key, &content.records.get(key.as_str())?.record))).collect()
    }

    fn atomic_update(&self) -> Option<&dyn AtomicUpdate> {
        Some(self)
    }
}

/// Optional: saves the store a lock on each read that counts a hit.
impl AtomicUpdate for OrderedEngine {
    fn update_metadata(&self, key: &str, change: &mut dyn FnMut(&mut RecordMetadata)) -> Option<Record> {
        let mut content = self.content.write();
        let Content { records, cost, .. } = &mut *content;
        let record = &mut records.get_mut(key)?.record;
        *cost -= record.metadata.cost;
        change(&mut record.metadata);
        *cost += record.metadata.cost;
        Some(record.clone())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // One partition, since each has an engine, and an order, of its own.
    let config = Config::from_toml(
        r#"
        [maps.releases]
        engine = { use = "ordered", order = "descending" }
        partitions = 1
        "#,
    )?;
    let maps = Maps::open(Registry::linked()?, config).await?;
    let releases = maps.get("releases")?;
    for (day, version) in [("2015-05-15", "1.0"), ("2025-02-20", "1.85"), ("2018-12-06", "1.31")] {
        releases.put(day, version).await?;
    }
    let newest = releases.store(0)?.fetch_keys(&IterationCursor::start(), 2).items;
    println!("newest two: {newest:?}");
    assert_eq!(newest, ["2025-02-20", "2018-12-06"]);
    maps.close().await?;
    Ok(())
}

#[cfg(test)]
#[path = "custom_engine/tests.rs"]
mod tests;
