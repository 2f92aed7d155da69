//! Whether a file has changed.
//!
//! By looking at it now and then: editors and tools that replace a file by another one under the same
//! name, links that are turned, and file systems that tell of nothing are all the same to that.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Looks at a file, or at none.
pub(super) struct Watch {
    file: PathBuf,
    ticks: Option<Interval>,
    /// What it was when somebody was last told.
    told: Stamp,
    /// What it was at the last look.
    seen: Stamp,
}

/// What tells a version of a file from others; `None` if it is not there.
type Stamp = Option<(SystemTime, u64, u64)>;

impl Watch {
    pub(super) fn of(file: PathBuf, every_millis: Option<u64>) -> Self {
        let ticks = every_millis.map(|millis| {
            let mut ticks = interval(Duration::from_millis(millis));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let stamp = stamp(&file);
        Self { file, ticks, told: stamp, seen: stamp }
    }

    /// Waits until the file is another one than when this last returned, and has not changed since the
    /// look before: whoever writes it has had time to end. A file that is gone is not news, as
    /// it may be on its way.
    pub(super) async fn changed(&mut self) {
        let Some(ticks) = &mut self.ticks else { return pending().await };
        loop {
            ticks.tick().await;
            let now = stamp(&self.file);
            let at_rest = now == self.seen;
            self.seen = now;
            if at_rest && now.is_some() && now != self.told {
                self.told = now;
                return;
            }
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, inode(&metadata), metadata.len()))
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}
