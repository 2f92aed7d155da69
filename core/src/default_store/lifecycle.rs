//! Clear, reset and destroy: all stripes at once.

use std::sync::Arc;

use super::expiry::ExpiryTable;
use super::handoff::Ticket;
use super::hold::{Hold, end_of};
use super::inner::{Ending, Inner};
use super::stripe::{Beneath, Change, State, Stripe};
use crate::sync::{MutexGuard, Ordering, OwnedMutexGuard};
use crate::{MutationObserver, ScanRequest, SharedStr};

/// Attempts to find all stripes free at once.
const ORDER_ATTEMPTS: usize = 8;

pub(super) type Orders = Vec<OwnedMutexGuard<()>>;

impl Inner {
    /// Takes every stripe's lock, in order.
    pub(super) fn lock_all(&self) -> Vec<MutexGuard<'_, State>> {
        self.stripes.iter().map(Stripe::lock).collect()
    }

    /// Empties memory as one step: reads wait for its end. Returns how many records there were.
    fn empty(&self, forget: impl Fn(&Self, &mut State), event: impl FnOnce(&dyn MutationObserver)) -> u32 {
        self.guarded.fetch_add(1, Ordering::AcqRel);
        let mut stripes = self.lock_all();
        let count = self.engine.len();
        if self.closed.get().is_none() {
            self.engine.clear();
            self.vacate(count);
            for state in &mut stripes {
                state.backups.clear();
                forget(self, state);
            }
            self.notify(&stripes[0], event);
        }
        drop(stripes);
        self.guarded.fetch_sub(1, Ordering::AcqRel);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Drops what a stripe knows of its records, and keeps what the data store does not know of
    /// its own: keys that are gone, and deadlines.
    fn forget_records(&self, state: &mut State) {
        let mut hidden: Vec<(SharedStr, Beneath)> = state.dirty.drain().collect();
        state.unsaved.retain(|key, unsaved| match unsaved.change {
            Change::Gone => true,
            Change::Parked(_, beneath) => {
                hidden.push((key.clone(), beneath));
                false
            }
        });
        if !hidden.is_empty() {
            let (map, partition, dropped) = (&*self.name, self.partition_id, hidden.len());
            tracing::warn!(map, partition, dropped, "cleared values that were not persisted");
        }
        hidden.into_iter().for_each(|(key, beneath)| self.uncover(state, &key, beneath));
        let deadlines: Vec<SharedStr> = state.expiry.keys().cloned().collect();
        for key in deadlines {
            if state.expiry.get(&key).is_some_and(|expiry| self.comes_back(expiry)) {
                self.drop_expiry(state, &key);
            }
        }
    }

    /// Goes back to what a value hid that was not persisted.
    fn uncover(&self, state: &mut State, key: &SharedStr, beneath: Beneath) {
        match beneath {
            Beneath::Gone => self.forget(state, key, false),
            Beneath::Stored(Some(expiry)) => self.keep_expiry(state, key, expiry),
            Beneath::Stored(None) => self.drop_expiry(state, key),
        }
    }

    fn forget_deadlines(&self, state: &mut State) {
        self.guarded.fetch_sub(state.expiry.len(), Ordering::AcqRel);
        state.expiry = ExpiryTable::default();
    }

    /// Drops everything but removals the data store may not have been told of.
    fn forget_everything(&self, state: &mut State) {
        state.doubts.clear();
        state.dirty.clear();
        state.unsaved.retain(|_, unsaved| unsaved.change == Change::Gone);
        self.forget_deadlines(state);
    }

    pub(super) fn clear(&self) -> u32 {
        match self.check_mutable("clear") {
            Ok(()) => self.empty(Self::forget_records, |observer| observer.on_clear()),
            Err(_) => 0,
        }
    }

    pub(super) fn reset(&self) {
        if self.check_mutable("reset").is_ok() {
            self.empty(Self::forget_records, |observer| observer.on_reset());
        }
    }

    /// Returns how many values end that the data store was never told of.
    pub(super) fn destroy(&self, is_shutdown: bool) -> u64 {
        if self.check_mutable("destroy").is_err() {
            return 0;
        }
        let mut stripes = self.lock_all();
        if self.closed.set(Ending::Closed("it was destroyed".to_owned())).is_err() {
            return 0;
        }
        let lost: usize = stripes.iter().map(|state| state.dirty.len() + state.unsaved.len()).sum();
        self.engine.destroy();
        for state in &mut stripes {
            state.backups.clear();
            state.unsaved.clear();
            self.forget_everything(state);
        }
        self.notify(&stripes[0], |observer| observer.on_destroy(is_shutdown));
        lost as u64
    }

    /// Empties memory and removes the keys this store owns from the data store.
    pub(super) async fn clear_through(self: &Arc<Self>) -> anyhow::Result<u64> {
        self.check_mutable("clear_through")?;
        let (store, ticket) = (Arc::clone(self), Arc::new(Ticket::default()));
        let started = Arc::clone(&ticket);
        let clear = async move {
            let Some(order) = store.patience.wait(store.order_of_all()).await else {
                return Err(store.overdue("clear_through", false).into());
            };
            store.begin(&started, "clear_through")?;
            let order = Arc::new(order);
            let removed = store.remove_stored(&order).await?;
            store.check_open()?;
            store.empty(Self::forget_everything, |observer| observer.on_clear());
            Ok(removed)
        };
        self.run_to_end("clear_through", ticket, clear).await
    }

    /// The order locks of all stripes, when no key of them is kept.
    pub(super) async fn order_of_all(&self) -> Orders {
        loop {
            let order = self.lock_order_of_all().await;
            let kept = self.stripes.iter().find_map(|stripe| stripe.lock().kept.values().next().cloned());
            let Some(kept) = kept else { return order };
            drop(order);
            end_of(kept).await;
        }
    }

    /// None is held while another is waited for, so that a call that hangs holds up its own
    /// stripe only; under steady contention, where all are never free at once, they are taken one by one.
    async fn lock_order_of_all(&self) -> Orders {
        for _ in 0..ORDER_ATTEMPTS {
            let mut order = Vec::with_capacity(self.stripes.len());
            let busy = self.stripes.iter().find(|stripe| match stripe.try_order() {
                Some(guard) => {
                    order.push(guard);
                    false
                }
                None => true,
            });
            let Some(busy) = busy else { return order };
            drop(order);
            drop(busy.order().await);
        }
        let mut order = Vec::with_capacity(self.stripes.len());
        for stripe in &self.stripes {
            order.push(stripe.order().await);
        }
        order
    }

    /// Removes from the data store every key this store knows or, if it scans, owns.
    async fn remove_stored(self: &Arc<Self>, order: &Arc<Orders>) -> anyhow::Result<u64> {
        if !self.data_store.is_scannable() {
            return self.remove_keys(order, self.known_keys()).await;
        }
        let mut removed = 0;
        let mut request = ScanRequest { limit: 1024, ..ScanRequest::default() };
        loop {
            let scan = async { self.data_store.scan(&self.name, &request).await };
            let page = self.ask("clear_through", scan).await?;
            let keys: Vec<String> = page.items.into_iter().map(|(key, _)| key).collect();
            request.after = keys.last().cloned();
            let owned: Vec<String> = keys.into_iter().filter(|key| (self.owns)(key)).collect();
            removed += self.remove_keys(order, owned).await?;
            if !page.more || request.after.is_none() {
                return Ok(removed);
            }
        }
    }

    /// Removes keys from the data store. The order locks are held until that has ended, though its
    /// caller may have given up before.
    async fn remove_keys(self: &Arc<Self>, order: &Arc<Orders>, keys: Vec<String>) -> anyhow::Result<u64> {
        let (store, order) = (Arc::clone(self), Arc::clone(order));
        let remove = async move {
            let call = async { store.data_store.remove_all(&store.name, &keys).await };
            store.tell("clear_through", &mut Hold::nothing(), call).await?;
            drop(order);
            Ok(keys.len() as u64)
        };
        self.run_in_time("clear_through", Ticket::started(), remove).await
    }

    /// Keys in memory, parked, or remembered by their deadlines.
    fn known_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.for_each_page(|page| keys.extend(page));
        for stripe in &self.stripes {
            let state = stripe.lock();
            keys.extend(state.unsaved.keys().chain(state.expiry.keys()).map(SharedStr::to_string));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
