//! The workload: rounds that make every kind of call at least once.

use std::pin::Pin;
use std::sync::Arc;

use trilayer_core::{DefaultRecordStore, RecordStore};
use trilayer_suite::rig::{Client, Expiry, Replication};
use trilayer_testkit::{lww, record};

/// How many rounds; each makes every kind of call at least once.
pub(crate) const ROUNDS: usize = 7;

/// The keys of the workload, each on a stripe of its own, and one more that no fault strikes.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) all: Vec<String>,
    pub(crate) bystander: String,
}

/// One operation of the workload; indexes are keys.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Put(usize),
    Set(usize),
    /// A write that is not persisted.
    Replicate(usize),
    PutBackup(usize),
    Get(usize),
    GetAll(Vec<usize>),
    Remove(usize),
    RemoveBackup(usize),
    RemoveReplica(usize),
    SoftFlush,
    HardFlush,
    ClearThrough,
    /// In memory only: done at once, never fails.
    Evict(usize),
}

/// What an operation is, once called.
pub(crate) type Called = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// The steps of a round; the keys change places from round to round.
pub(crate) fn round(number: usize) -> Vec<Step> {
    use Step::*;
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|key| (key + number) % 5);
    vec![
        Put(a),
        PutBackup(b),
        Set(c),
        Set(d),
        Evict(a),
        Get(a),
        Evict(c),
        Evict(d),
        GetAll(vec![c, d]),
        Put(c),
        Replicate(e),
        Evict(e),
        SoftFlush,
        Get(e),
        Remove(a),
        RemoveBackup(b),
        RemoveReplica(e),
        SoftFlush,
        Replicate(d),
        HardFlush,
        Get(d),
        ClearThrough,
        Set(b),
    ]
}

impl Step {
    /// The keys it is about.
    pub(crate) fn keys(&self) -> Vec<usize> {
        match self {
            Self::SoftFlush | Self::HardFlush | Self::ClearThrough => Vec::new(),
            Self::GetAll(keys) => keys.clone(),
            Self::Put(key)
            | Self::Set(key)
            | Self::Replicate(key)
            | Self::PutBackup(key)
            | Self::Get(key)
            | Self::Remove(key)
            | Self::RemoveBackup(key)
            | Self::RemoveReplica(key)
            | Self::Evict(key) => vec![*key],
        }
    }

    /// Whether it is about the whole store, and so about keys that are held up.
    pub(crate) fn is_of_all(&self) -> bool {
        matches!(self, Self::SoftFlush | Self::HardFlush | Self::ClearThrough)
    }

    /// Whether it makes no event when it fails. Several keys may partly be found in memory.
    pub(crate) fn is_all_or_nothing(&self) -> bool {
        !matches!(self, Self::GetAll(_))
    }

    /// Calls it.
    pub(crate) fn call(&self, store: &Arc<DefaultRecordStore>, keys: &Keys, value: i64) -> Called {
        let (step, store, keys) = (self.clone(), Arc::clone(store), keys.clone());
        Box::pin(async move {
            let key = step.keys().first().map_or("", |key| &*keys.all[*key]);
            match &step {
                Self::Put(_) => store.put(key, lww(value), Expiry::NONE, Client).await.map(drop),
                Self::Set(_) => store.set(key, lww(value), Expiry::NONE, Client).await,
                Self::Replicate(_) => store.put(key, lww(value), Expiry::NONE, Replication).await.map(drop),
                Self::PutBackup(_) => store.put_backup(key, record(value, 5), Client).await,
                Self::Get(_) => store.get(key, true).await.map(drop),
                Self::GetAll(wanted) => {
                    let wanted: Vec<_> = wanted.iter().map(|key| keys.all[*key].clone()).collect();
                    store.get_all(&wanted).await.map(drop)
                }
                Self::Remove(_) => store.remove(key, Client).await.map(drop),
                Self::RemoveBackup(_) => store.remove_backup(key, Client).await,
                Self::RemoveReplica(_) => store.remove(key, Replication).await.map(drop),
                Self::SoftFlush => store.soft_flush().await.map(drop),
                Self::HardFlush => store.hard_flush().await,
                Self::ClearThrough => store.clear_through(false).await.map(drop),
                Self::Evict(_) => {
                    store.evict(key, false);
                    Ok(())
                }
            }
        })
    }
}
