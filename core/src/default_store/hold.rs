//! Whose turn it is at the data store: one write at a time for each key.
//!
//! A write holds its stripe, and with it all the stripe's keys: a lock for each key would be a table
//! that grows with the keys. If its call takes too long it lets go of the stripe and keeps its own
//! keys, so that a call that never returns stops no other key. Those who come for a kept
//! key wait beside the stripe.

use std::sync::Arc;

use super::inner::Inner;
use super::stripe::Kept;
use crate::SharedStr;
use crate::sync::{OwnedMutexGuard, watch};

/// Keys of one stripe that may be kept at once. Past that the stripe itself waits: a data store
/// that answers nobody is not to gather calls without end.
const MOST_KEPT: usize = 256;

/// The right to write some keys of one stripe in the data store.
pub(super) struct Hold {
    keys: Vec<SharedStr>,
    order: Option<OwnedMutexGuard<()>>,
    /// Who keeps the keys once the stripe is let go of. Ends with it.
    kept: Option<(Arc<Inner>, watch::Sender<()>)>,
}

impl Hold {
    /// Over keys that nobody keeps.
    pub(super) fn new(keys: Vec<SharedStr>, order: OwnedMutexGuard<()>) -> Self {
        Self { keys, order: Some(order), kept: None }
    }

    /// Over no key: for one who holds stripes otherwise, and does not let go of them.
    pub(super) fn nothing() -> Self {
        Self { keys: Vec::new(), order: None, kept: None }
    }

    /// The stripe alone, to read.
    pub(super) fn into_order(mut self) -> Vec<OwnedMutexGuard<()>> {
        self.order.take().into_iter().collect()
    }

    pub(super) fn first_key(&self) -> &str {
        self.keys.first().map_or("", |key| key.as_str())
    }

    /// Keeps the keys and lets others have the stripe, unless too many keys of it are kept.
    pub(super) fn let_go_of_stripe(&mut self, store: &Arc<Inner>) {
        let Some(first) = self.keys.first() else { return };
        let mut state = store.stripe(first).lock();
        if state.kept.len() + self.keys.len() > MOST_KEPT {
            return;
        }
        let (ends, kept) = watch::channel(());
        state.kept.extend(self.keys.iter().map(|key| (key.clone(), kept.clone())));
        drop(state);
        self.kept = Some((Arc::clone(store), ends));
        self.order = None;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some((store, ends)) = self.kept.take() else { return };
        let Some(first) = self.keys.first() else { return };
        let mut state = store.stripe(first).lock();
        self.keys.iter().for_each(|key| drop(state.kept.remove(key)));
        drop(state);
        // Wakes those who wait for the keys.
        drop(ends);
    }
}

/// Waits until a key is no longer kept.
pub(super) async fn end_of(mut kept: Kept) {
    // Nothing is ever sent: the end of the sender is the news.
    while kept.changed().await.is_ok() {}
}

impl Inner {
    /// Waits for the turn of a key.
    pub(super) async fn hold(&self, key: &SharedStr) -> Hold {
        let stripe = self.stripe(key);
        loop {
            let order = stripe.order().await;
            let kept = stripe.lock().kept_of(key);
            match kept {
                None => return Hold::new(vec![key.clone()], order),
                Some(kept) => {
                    drop(order);
                    end_of(kept).await;
                }
            }
        }
    }
}
