//! Every operation against every operation, from every state of the key.

use crate::explore::{Explored, explore_cell};
use crate::grid::{ALL, Op, STARTS, play};

fn against_all(op: Op) {
    let mut explored = Explored::default();
    for start in STARTS {
        for other in ALL {
            for bound in [0, 1] {
                let name = format!("pairs.{start:?}.{op:?}.{other:?}.{bound}");
                explored += explore_cell(&name, move || play(start, &[vec![op], vec![other]], bound));
            }
        }
    }
    explored.note(&format!("pairs of {op:?}"));
}

macro_rules! pairs {
    ($($name:ident: $op:ident;)*) => {$(
        #[test]
        fn $name() {
            against_all(Op::$op);
        }
    )*};
}

pairs! {
    a_get_beside_anything: Get;
    a_touch_beside_anything: Touch;
    a_batch_beside_anything: GetAll;
    a_put_beside_anything: Put;
    a_set_beside_anything: Set;
    a_removal_beside_anything: Remove;
    an_unpersisted_put_beside_anything: PutDirty;
    an_unpersisted_removal_beside_anything: RemoveDirty;
    a_backup_beside_anything: PutBackup;
    a_backup_removal_beside_anything: RemoveBackup;
    an_eviction_beside_anything: Evict;
    an_eviction_of_all_beside_anything: EvictAll;
    an_insert_at_the_bound_beside_anything: InsertOther;
    a_soft_flush_beside_anything: SoftFlush;
    a_hard_flush_beside_anything: HardFlush;
    a_clear_beside_anything: Clear;
    a_destroy_beside_anything: Destroy;
}
