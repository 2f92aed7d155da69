//! J. Linearizability: what is left when everyone is done. The histories are in `tests/histories`.

use trilayer_core::RecordStore;
use trilayer_testkit::lww;

use crate::rig::{Backup, Client, Expiry, Parts, bounded};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_rest_memory_is_the_data_store_for_every_clean_key() {
    for seed in 0..20 {
        let rig = Parts { config: bounded(15), ..Parts::default() }.build();
        let clients: Vec<_> = (0..4_u64)
            .map(|client| {
                rig.spawn(async move |store| {
                    let mut random = fastrand::Rng::with_seed(seed * 7 + client);
                    for n in 0..300 {
                        let key = format!("k{}", random.u8(..30));
                        let provenance = if random.u8(..4) == 0 { Backup } else { Client };
                        match random.u8(..4) {
                            0 => drop(store.remove(&key, provenance).await.expect("remove")),
                            1 => drop(store.get(&key, true).await.expect("get")),
                            _ => drop(store.put(&key, lww(n), Expiry::NONE, provenance).await.expect("put")),
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("no panic");
        }
        for (key, record) in rig.store.storage().snapshot_iter() {
            if !record.metadata.is_dirty() {
                assert_eq!(Some(record.value), rig.stored(&key), "seed {seed}, {key}");
            }
        }
        rig.store.hard_flush().await.expect("flush");
        for n in 0..30 {
            let key = format!("k{n}");
            assert_eq!(rig.get(&key).await, rig.stored(&key), "seed {seed}, {key} after a flush");
        }
    }
}
