//! Counts the bytes on the heap, while told to.
//!
//! Bytes as asked for; what the allocator adds to each block is not in.

#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Off while times are taken, when counting would cost those most who allocate most.
static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

impl Counting {
    fn note(sign: i64, layout: Layout) {
        if COUNTING.load(Ordering::Relaxed) {
            // A layout's size is at most isize::MAX.
            LIVE.fetch_add(sign * layout.size().cast_signed() as i64, Ordering::Relaxed);
        }
    }
}

// SAFETY: every call is passed to the system's allocator as it is; the counting beside it
// neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(1, layout);
        // SAFETY: the caller keeps `alloc`'s contract, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(1, layout);
        // SAFETY: the caller keeps `alloc_zeroed`'s contract, which is the system's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::note(-1, layout);
        // SAFETY: the block is the system's, since all of ours are.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many more bytes are on the heap after `work` than before; those of other threads count too.
pub fn grown_by<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = LIVE.load(Ordering::Relaxed);
    COUNTING.store(true, Ordering::Relaxed);
    let outcome = work();
    COUNTING.store(false, Ordering::Relaxed);
    (outcome, LIVE.load(Ordering::Relaxed) - before)
}
