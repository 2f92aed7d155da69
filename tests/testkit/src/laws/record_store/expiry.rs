//! Laws of when records expire.

use trilayer_core::ExpiryPolicy;

use super::MakeRecordStore;
use super::rig::{Rig, over};
use crate::laws::Law;
use crate::lww;

/// Not a millisecond less, nor one more.
pub fn records_live_through_their_last_millisecond(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "records_live_through_their_last_millisecond",
        says: "A record is live while `now − base ≤ limit`, where base is the last put for the time to live",
        loss: "sessions and leases end early, or late",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            rig.put_for("k", 1, ExpiryPolicy::ttl(100)).await;
            rig.clock.advance(100);
            rig.finds("in its last millisecond", "k", Some(lww(1))).await;
            rig.record("k", true).await;
            rig.clock.advance(1);
            rig.finds("after its last millisecond", "k", None).await;
            law.same("its size afterwards", rig.store.size(), 0);
        });
    }
}

/// Reads that do not touch keep nothing alive.
pub fn idle_records_expire_and_touches_keep_them(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "idle_records_expire_and_touches_keep_them",
        says: "the last access for the idle time",
        loss: "a session in use ends, or one that is left goes on for ever",
    };
    over(law).null().run(make, async move |rig| {
        rig.put_for("used", 1, ExpiryPolicy::max_idle(100)).await;
        rig.put_for("idle", 1, ExpiryPolicy::max_idle(100)).await;
        for _ in 0..5 {
            rig.clock.advance(60);
            law.same("whether what is used is there", rig.record("used", true).await.is_some(), true);
            rig.record("idle", false).await;
        }
        rig.finds("left alone", "idle", None).await;
        rig.clock.advance(101);
        rig.finds("left alone in the end", "used", None).await;
    });
}

/// Of time to live and of idle time.
pub fn puts_without_an_expiry_take_the_defaults(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "puts_without_an_expiry_take_the_defaults",
        says: "A put without an expiry of its own takes the defaults",
        loss: "what an operator has configured does not hold",
    };
    for (setup, limit) in [(over(law).null().defaults(100, 0), 100), (over(law).null().defaults(0, 40), 40)] {
        setup.run(make, async move |rig| {
            rig.put("default", 1).await;
            rig.put_for("own", 1, ExpiryPolicy::ttl(1_000)).await;
            rig.clock.advance(limit);
            rig.finds("at the default limit", "default", Some(lww(1))).await;
            rig.clock.advance(1);
            rig.finds("past the default limit", "default", None).await;
            rig.finds("with a limit of its own", "own", Some(lww(1))).await;
        });
    }
}

/// Whatever the defaults are, and nothing overflows.
pub fn never_means_never(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "never_means_never",
        says: "`u64::MAX` means never",
        loss: "what should stay for good is gone at once",
    };
    for setup in [over(law).null().defaults(10, 10), over(law).null()] {
        setup.run(make, async move |rig| {
            let forever = [
                ("never", ExpiryPolicy::NEVER),
                ("ttl", ExpiryPolicy::ttl(u64::MAX)),
                ("idle", ExpiryPolicy::max_idle(u64::MAX)),
                ("nearly", ExpiryPolicy { ttl_millis: u64::MAX - 1, max_idle_millis: i64::MAX as u64 }),
            ];
            for (key, policy) in forever {
                rig.put_for(key, 1, policy).await;
            }
            (0..100).for_each(|_| rig.clock.advance(u32::MAX));
            for (key, _) in forever {
                rig.finds("13 years later", key, Some(lww(1))).await;
            }
        });
    }
}

/// A shorter one, a longer one, none.
pub fn each_put_replaces_the_expiry(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "each_put_replaces_the_expiry",
        says: "each put replaces the expiry",
        loss: "a value that was renewed goes with the one it replaced",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            rig.put_for("longer", 1, ExpiryPolicy::ttl(10)).await;
            rig.put_for("longer", 2, ExpiryPolicy::ttl(1_000)).await;
            rig.put_for("shorter", 1, ExpiryPolicy::ttl(1_000)).await;
            rig.put_for("shorter", 2, ExpiryPolicy::ttl(10)).await;
            rig.put_for("none", 1, ExpiryPolicy::ttl(10)).await;
            rig.put("none", 2).await;
            rig.put_for("again", 1, ExpiryPolicy::ttl(10)).await;
            rig.clock.advance(9);
            rig.put_for("again", 2, ExpiryPolicy::ttl(10)).await;
            rig.clock.advance(2);
            rig.finds("with a shorter expiry", "shorter", None).await;
            for key in ["longer", "none", "again"] {
                rig.finds("past its first deadline", key, Some(lww(2))).await;
            }
        });
    }
}

async fn with_an_expired_record(rig: &Rig) {
    rig.put_for("expired", 1, ExpiryPolicy::ttl(10)).await;
    rig.put_for("live", 2, ExpiryPolicy::ttl(1_000)).await;
    rig.clock.advance(11);
}

/// Each way of reading is tried first, before another has found out.
pub fn no_read_shows_an_expired_record(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "no_read_shows_an_expired_record",
        says: "No read shows an expired record",
        loss: "a login that is over still lets somebody in",
    };
    over(law).null().run(make, async move |rig| {
        with_an_expired_record(&rig).await;
        law.same("exists_in_memory of an expired record", rig.store.exists_in_memory("expired"), false);
        law.same("exists_in_memory of a live record", rig.store.exists_in_memory("live"), true);
    });
    over(law).null().run(make, async move |rig| {
        with_an_expired_record(&rig).await;
        let mut seen = Vec::new();
        rig.store.for_each_boxed(&mut |key, _| seen.push(key.to_owned()), false);
        law.same("what for_each_boxed shows", seen, vec!["live".to_owned()]);
    });
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            with_an_expired_record(&rig).await;
            let found = rig.get_all(&["expired", "live"]).await;
            law.same("what get_all finds", found, vec![("live".to_owned(), lww(2))]);
        });
    }
    for touch in [false, true] {
        over(law).run(make, async move |rig| {
            with_an_expired_record(&rig).await;
            let found = rig.record("expired", touch).await.map(|record| record.value);
            law.same("what get finds", found, None);
            rig.finds("asked again", "expired", None).await;
        });
    }
}

/// Not even as the value it replaced, removed or evicted.
pub fn no_write_returns_an_expired_value(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "no_write_returns_an_expired_value",
        says: "No read shows an expired record, and no write returns one.",
        loss: "a lock that has run out looks held to who takes it",
    };
    for setup in [over(law), over(law).null()] {
        setup.run(make, async move |rig| {
            for key in ["put", "remove", "evict"] {
                rig.put_for(key, 1, ExpiryPolicy::ttl(10)).await;
            }
            rig.clock.advance(11);
            law.same("what put over an expired value returns", rig.put("put", 2).await, None);
            law.same("what remove of an expired value returns", rig.remove("remove").await, None);
            law.same("what evict of an expired value returns", rig.store.evict("evict", false), None);
            rig.finds("put after it expired", "put", Some(lww(2))).await;
        });
    }
}
