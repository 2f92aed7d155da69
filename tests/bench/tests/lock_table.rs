//! What a store allocates for keys that come and go: nothing that stays.

use std::sync::Arc;

use async_trait::async_trait;
use trilayer_bench::grown_by;
use trilayer_core::{
    CallerProvenance, DefaultRecordStore, ExpiryPolicy, MapDataStore, RecordStore, RecordValue, Timestamp,
};

/// Takes everything and has nothing.
struct Sink;

type Done = anyhow::Result<()>;

#[async_trait]
impl MapDataStore for Sink {
    async fn add(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> Done {
        Ok(())
    }
    async fn add_backup(&self, _: &str, _: &str, _: &RecordValue, _: i64, _: i64) -> Done {
        Ok(())
    }
    async fn remove(&self, _: &str, _: &str, _: i64) -> Done {
        Ok(())
    }
    async fn remove_backup(&self, _: &str, _: &str, _: i64) -> Done {
        Ok(())
    }
    async fn load(&self, _: &str, _: &str) -> anyhow::Result<Option<RecordValue>> {
        Ok(None)
    }
    async fn load_all(&self, _: &str, _: &[String]) -> anyhow::Result<Vec<(String, RecordValue)>> {
        Ok(Vec::new())
    }
    async fn remove_all(&self, _: &str, _: &[String]) -> Done {
        Ok(())
    }
    fn is_loadable(&self, _: &str) -> bool {
        true
    }
    fn pending_operation_count(&self) -> u64 {
        0
    }
    async fn soft_flush(&self) -> anyhow::Result<u64> {
        Ok(0)
    }
    async fn hard_flush(&self) -> Done {
        Ok(())
    }
    async fn flush_key(&self, _: &str, _: &str, _: &RecordValue, _: bool) -> Done {
        Ok(())
    }
    fn reset(&self) {}
}

/// Writes, reads, evicts and removes keys that nobody used before.
async fn come_and_go(store: &DefaultRecordStore, keys: std::ops::Range<u32>) {
    for n in keys {
        let (key, value) =
            (format!("key-{n}"), RecordValue::Lww { value: 1.into(), timestamp: Timestamp::default() });
        store.put(&key, value, ExpiryPolicy::ttl(60_000), CallerProvenance::Client).await.expect("put");
        store.get(&key, true).await.expect("get");
        if n % 2 == 0 {
            store.evict(&key, false);
            store.get(&key, false).await.expect("get");
        }
        store.remove(&key, CallerProvenance::Client).await.expect("remove");
    }
}

#[test]
fn the_lock_table_takes_as_much_for_a_hundred_thousand_keys_as_for_a_thousand() {
    let store = DefaultRecordStore::builder("map", 0).data_store(Arc::new(Sink)).build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(come_and_go(&store, 0..1_000));
    let (_, grown) = grown_by(|| runtime.block_on(come_and_go(&store, 1_000..101_000)));
    assert!(grown < 100_000, "less than a byte a key, not {grown} bytes");
}
