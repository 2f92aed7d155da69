//! Laws of backups and of who reaches the data store.

use super::MakeRecordStore;
use super::rig::{Backup, Client, CrdtMerge, Load, Replication, START, over};
use crate::laws::Law;
use crate::{EventKind, lww, record};

/// Puts, removals and backups.
pub fn only_clients_and_merges_reach_the_data_store(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "only_clients_and_merges_reach_the_data_store",
        says: "Changes by `Client` and `CrdtMerge` reach the data store, backups by its calls for backups; \
               other changes do not.",
        loss: "every replica writes every value to the data store again, or none does",
    };
    for (who, persists) in [(Client, 1), (CrdtMerge, 1), (Replication, 0), (Backup, 0), (Load, 0)] {
        over(law).run(make, async move |rig| {
            rig.put_as("k", 1, who).await;
            rig.remove_as("k", who).await;
            rig.put_backup("b", record(2, START), who).await;
            rig.done("remove_backup", rig.store.remove_backup("b", who).await);
            let calls = ["add", "remove", "add_backup", "remove_backup"].map(|call| rig.data.count(call));
            law.same(
                &format!("the calls for a put, a remove and their backup forms by {who:?}"),
                calls,
                [persists; 4],
            );
            law.same("what is left", (rig.resident("k"), rig.resident("b")), (None, None));
        });
    }
}

/// Version, hits and times are the primary's.
pub fn backups_are_kept_as_they_are(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "backups_are_kept_as_they_are",
        says: "A backup is kept as it is",
        loss: "a backup that takes over begins all counts and times anew",
    };
    for (setup, who) in [(over(law), Backup), (over(law), Client), (over(law).null(), Backup)] {
        setup.run(make, async move |rig| {
            let mut backup = record("v", START - 50);
            (backup.metadata.version, backup.metadata.hits) = (7, 3);
            rig.put_backup("k", backup.clone(), who).await;
            let found = rig.record("k", false).await;
            let kept = |it: &trilayer_core::Record| {
                (it.value.clone(), it.metadata.version, it.metadata.hits, it.metadata.creation_time)
            };
            law.same("value, version, hits and creation", found.as_ref().map(kept), Some(kept(&backup)));
        });
    }
}

/// To observers, when it comes and when it goes.
pub fn backups_are_told_as_backups(make: &MakeRecordStore<'_>) {
    let law = Law {
        name: "backups_are_told_as_backups",
        says: "A backup is kept as it is, and told as a backup.",
        loss: "indexes and counts take a backup for another record",
    };
    over(law).run(make, async move |rig| {
        rig.put_backup("k", record(1, START), Backup).await;
        rig.done("remove_backup", rig.store.remove_backup("k", Backup).await);
        rig.put("k", 2).await;
        let told: Vec<_> =
            rig.events.events().into_iter().map(|event| (event.kind, event.is_backup)).collect();
        let expected = vec![(EventKind::Put, true), (EventKind::Remove, true), (EventKind::Put, false)];
        law.same("the events and whether they are of backups", told, expected);
        law.same("what a read finds afterwards", rig.get("k").await, Some(lww(2)));
    });
}
