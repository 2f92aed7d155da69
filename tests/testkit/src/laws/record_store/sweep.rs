//! Laws of expiry beyond reads: events, sweeps, and deadlines of records that were not in memory.

use trilayer_core::{ExpiryPolicy, ExpiryReason};

use super::MakeRecordStore;
use super::rig::{START, over};
use crate::laws::Law;
use crate::{EventKind, ScriptedDataStore, lww};

/// By whatever finds out first.
pub fn expiries_are_told_once_as_expiries(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "expiries_are_told_once_as_expiries",
        says: "An expiry is told once, as an expiry.",
        loss: "counts of evictions are wrong, and indexes keep what is gone",
    };
    over(law).null().run(make, async move |rig| {
        for key in ["read", "written", "swept"] {
            rig.put_for(key, 1, ExpiryPolicy::ttl(10)).await;
        }
        rig.clock.advance(11);
        rig.events.take();
        for _ in 0..2 {
            rig.get("read").await;
        }
        rig.put("written", 2).await;
        rig.store.evict_expired(100, START + 11, false);
        let expected = [
            (EventKind::Expire, "read"),
            (EventKind::Expire, "written"),
            (EventKind::Put, "written"),
            (EventKind::Expire, "swept"),
        ];
        law.same(
            "the events",
            rig.events.take(),
            expected.map(|(kind, key)| (kind, key.to_owned())).to_vec(),
        );
    });
}

/// At any time that is asked about.
pub fn has_expired_says_why(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "has_expired_says_why",
        says: "Whether the record under `key` is expired at `now`",
        loss: "who looks for the reason of a loss looks in the wrong place",
    };
    over(law).null().run(make, async move |rig| {
        rig.put_for("ttl", 1, ExpiryPolicy::ttl(100)).await;
        rig.put_for("idle", 1, ExpiryPolicy::max_idle(50)).await;
        rig.put_for("both", 1, ExpiryPolicy { ttl_millis: 100, max_idle_millis: 50 }).await;
        rig.put("stays", 1).await;
        use ExpiryReason::{MaxIdle, NotExpired, Ttl};
        let cases = [
            ("ttl", 100, NotExpired),
            ("ttl", 101, Ttl),
            ("idle", 50, NotExpired),
            ("idle", 51, MaxIdle),
            ("both", 51, MaxIdle),
            ("both", 101, Ttl),
            ("stays", 1_000_000, NotExpired),
            ("missing", 1_000_000, NotExpired),
        ];
        for (key, after, reason) in cases {
            let found = rig.store.has_expired(key, START + after, false);
            law.same(&format!("has_expired of {key:?} after {after} ms"), found, reason);
        }
    });
}

/// A percentage above 100 is all.
pub fn sweeps_take_a_share_soonest_first(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "sweeps_take_a_share_soonest_first",
        says: "Removes `percentage` % of the records expired at `now`, rounded up, soonest deadline first.",
        loss: "sweeping in small steps never ends, or leaves the oldest",
    };
    over(law).null().run(make, async move |rig| {
        for number in 0..10_u64 {
            // Their order of deadlines is not that of their keys.
            let rank = number * 7 % 10;
            rig.put_for(&format!("k{rank}"), rank as i64, ExpiryPolicy::ttl(10 + rank)).await;
        }
        rig.put_for("live", 1, ExpiryPolicy::ttl(1_000)).await;
        let left = |rig: &super::rig::Rig| {
            (0..10).filter(|rank| rig.resident(&format!("k{rank}")).is_some()).collect::<Vec<i32>>()
        };
        rig.clock.advance(100);
        let cases = [(0, 0), (1, 1), (30, 4), (101, 10), (100, 10)];
        for (percentage, gone) in cases {
            rig.store.evict_expired(percentage, START + 100, false);
            law.same(
                &format!("what is left after a sweep of {percentage} %"),
                left(&rig),
                (gone..10).collect(),
            );
        }
        law.same("whether what is live is there", rig.resident("live"), Some(lww(1)));
    });
}

/// By their defaults, or by what was put.
pub fn a_store_knows_whether_its_records_expire(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "a_store_knows_whether_its_records_expire",
        says: "Whether records of this store can expire.",
        loss: "a store is never swept, or always",
    };
    for (setup, expires) in [
        (over(law).null(), false),
        (over(law).null().defaults(10, 0), true),
        (over(law).null().defaults(0, 10), true),
    ] {
        setup.run(make, async move |rig| {
            law.same("is_expirable", rig.store.is_expirable(), expires);
            rig.put_for("k", 1, ExpiryPolicy::ttl(10)).await;
            law.same("is_expirable with a record that expires", rig.store.is_expirable(), true);
        });
    }
}

/// What `deadlines_survive_eviction` declares, of time to live and of idle time.
pub fn deadlines_survive_eviction(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "deadlines_survive_eviction",
        says: "A deadline outlives eviction: a data store that keeps none does not bring an expired record back.",
        loss: "a full cache makes sessions last for ever",
    };
    over(law).run(make, async move |rig| {
        rig.put_for("ttl", 1, ExpiryPolicy::ttl(100)).await;
        rig.put_for("idle", 1, ExpiryPolicy::max_idle(100)).await;
        rig.store.evict_all(false);
        rig.clock.advance(60);
        rig.finds("evicted and live", "ttl", Some(lww(1))).await;
        rig.store.evict_all(false);
        rig.clock.advance(41);
        rig.finds("evicted and expired", "ttl", None).await;
        rig.finds("evicted and idle", "idle", None).await;
        law.same("what get_all finds of both", rig.get_all(&["ttl", "idle"]).await, Vec::new());
        law.same("what a put over it returns", rig.put("ttl", 2).await, None);
    });
}

/// What `restores_deadlines` declares: after a restart, too.
pub fn deadlines_of_the_data_store_hold(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "deadlines_of_the_data_store_hold",
        says: "A deadline that the data store kept holds for what is loaded.",
        loss: "a restart makes sessions last for ever",
    };
    let data = ScriptedDataStore::keeping_deadlines();
    over(law).data(&data).run(make, async move |rig| {
        for key in ["k", "l", "m"] {
            rig.put_for(key, 1, ExpiryPolicy::ttl(100)).await;
        }
    });
    over(law).data(&data).run(make, async move |rig| {
        rig.clock.advance(100);
        rig.finds("after a restart", "k", Some(lww(1))).await;
        rig.clock.advance(1);
        rig.finds("expired after a restart", "k", None).await;
        rig.finds("expired before it was loaded", "l", None).await;
        law.same("what get_all finds", rig.get_all(&["k", "l", "m"]).await, Vec::new());
        law.same("what a put over it returns", rig.put("m", 2).await, None);
    });
}
