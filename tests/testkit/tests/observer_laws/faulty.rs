//! An observer with one fault.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::yield_now;

use parking_lot::{Mutex, MutexGuard};
use trilayer_core::{MutationObserver, Record, RecordValue, Value};
use trilayer_testkit::EventKind;
use trilayer_testkit::laws::observer::{Memory, ObserverFixture};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    LongKeysAreCut,
    HitsOverflow,
    OneAtATime,
    LockIsKept,
    QueueIsBounded,
    ReportWaitsForQuiet,
    ReportCountsReports,
    ExpiriesAreIgnored,
    DestroyIsTheEnd,
    EvictionsAreIgnored,
    ReadThenWrite,
    ReplicationIsIgnored,
    DestroyIsIgnored,
    UpdatesCountTwice,
    LoadsCountAsPuts,
    CountsRace,
}

use Fault::*;

/// A right replica that counts, but for its fault.
pub(crate) struct Faulty {
    fault: Fault,
    memory: Mutex<Memory>,
    counts: Mutex<BTreeMap<EventKind, u64>>,
    busy: AtomicBool,
    destroyed: AtomicBool,
    events: AtomicU32,
    reports: AtomicI64,
    kept: Mutex<()>,
    queue: (SyncSender<()>, Mutex<Receiver<()>>),
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        let (sender, receiver) = sync_channel(20_000);
        Self {
            fault,
            memory: Mutex::default(),
            counts: Mutex::default(),
            busy: AtomicBool::default(),
            destroyed: AtomicBool::default(),
            events: AtomicU32::default(),
            reports: AtomicI64::default(),
            kept: Mutex::default(),
            queue: (sender, Mutex::new(receiver)),
        }
    }

    /// With how to look into it.
    pub(crate) fn fixture(fault: Fault) -> ObserverFixture<Self> {
        ObserverFixture::new(Self::new(fault))
            .rebuilding(|observer| observer.memory.lock().clone())
            .counting(|observer, kind| Some(observer.counts.lock().get(&kind).copied().unwrap_or(0)))
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn count(&self, kind: EventKind) {
        let kind = if self.is(LoadsCountAsPuts) && kind == EventKind::Load { EventKind::Put } else { kind };
        let times = if self.is(UpdatesCountTwice) && kind == EventKind::Update { 2 } else { 1 };
        if self.is(CountsRace) {
            let before = self.counts.lock().get(&kind).copied().unwrap_or(0);
            yield_now();
            self.counts.lock().insert(kind, before + times);
            return;
        }
        *self.counts.lock().entry(kind).or_default() += times;
    }

    fn hear(&self, kind: EventKind, key: &str, record: Option<&Record>) {
        self.misbehave(key, record);
        if self.is(ExpiriesAreIgnored) && kind == EventKind::Expire {
            return;
        }
        self.count(kind);
        let ignored = match kind {
            EventKind::Evict => self.is(EvictionsAreIgnored),
            EventKind::ReplicationPut => self.is(ReplicationIsIgnored),
            EventKind::Destroy => self.is(DestroyIsIgnored),
            _ => false,
        };
        if !ignored {
            self.change(kind, key, record);
        }
    }

    fn misbehave(&self, key: &str, record: Option<&Record>) {
        if self.is(LongKeysAreCut) && key.len() > 256 {
            assert!(key.is_char_boundary(256), "a character cut in two");
        }
        if self.is(HitsOverflow) && record.is_some_and(|record| record.metadata.hits == u32::MAX) {
            panic!("attempt to add with overflow");
        }
        if self.is(OneAtATime) {
            assert!(!self.busy.swap(true, Ordering::SeqCst), "already borrowed");
            yield_now();
            self.busy.store(false, Ordering::SeqCst);
        }
        assert!(!self.is(ReportWaitsForQuiet) || !self.busy.load(Ordering::SeqCst), "already borrowed");
        if self.is(LockIsKept) && self.events.fetch_add(1, Ordering::SeqCst) == 0 {
            std::mem::forget(self.kept.lock());
        } else {
            drop::<MutexGuard<'_, ()>>(self.kept.lock());
        }
        if self.is(QueueIsBounded) {
            self.queue.0.send(()).expect("the receiver is beside it");
        }
        assert!(!self.is(DestroyIsTheEnd) || !self.destroyed.load(Ordering::SeqCst), "used after destroy");
    }

    fn change(&self, kind: EventKind, key: &str, record: Option<&Record>) {
        let mut memory = self.memory.lock();
        if self.is(ReadThenWrite) {
            let copy = memory.clone();
            drop(memory);
            yield_now();
            memory = self.memory.lock();
            *memory = copy;
        }
        match (kind, record) {
            (EventKind::Remove | EventKind::Evict | EventKind::Expire, _) => drop(memory.remove(key)),
            (EventKind::Clear | EventKind::Reset | EventKind::Destroy, _) => memory.clear(),
            (_, Some(record)) => drop(memory.insert(key.to_owned(), record.value.clone())),
            _ => {}
        }
    }
}

impl MutationObserver for Faulty {
    fn on_put(&self, key: &str, record: &Record, _: Option<&RecordValue>, _: bool) {
        self.hear(EventKind::Put, key, Some(record));
    }

    fn on_update(&self, key: &str, record: &Record, _: &RecordValue, _: &RecordValue, _: bool) {
        self.hear(EventKind::Update, key, Some(record));
    }

    fn on_remove(&self, key: &str, record: &Record, _: bool) {
        self.hear(EventKind::Remove, key, Some(record));
    }

    fn on_evict(&self, key: &str, record: &Record, _: bool) {
        self.hear(EventKind::Evict, key, Some(record));
    }

    fn on_load(&self, key: &str, record: &Record, _: bool) {
        self.hear(EventKind::Load, key, Some(record));
    }

    fn on_replication_put(&self, key: &str, record: &Record, _: bool) {
        self.hear(EventKind::ReplicationPut, key, Some(record));
    }

    fn on_clear(&self) {
        self.hear(EventKind::Clear, "", None);
    }

    fn on_reset(&self) {
        self.hear(EventKind::Reset, "", None);
    }

    fn on_destroy(&self, _: bool) {
        self.hear(EventKind::Destroy, "", None);
        self.destroyed.store(true, Ordering::SeqCst);
    }

    fn on_expire(&self, key: &str, record: &Record, _: bool) {
        self.hear(EventKind::Expire, key, Some(record));
    }

    fn report(&self) -> Value {
        let asked = self.reports.fetch_add(1, Ordering::SeqCst);
        if self.is(ReportWaitsForQuiet) {
            self.busy.store(true, Ordering::SeqCst);
            yield_now();
            self.busy.store(false, Ordering::SeqCst);
        }
        let counted = i64::try_from(self.memory.lock().len()).expect("few keys");
        if self.is(ReportCountsReports) { asked.into() } else { counted.into() }
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        while self.queue.1.lock().try_recv().is_ok() {}
    }
}
