//! The one owner of shared memory: a reference-counted block behind a thin pointer.
//!
//! This file holds all of the crate's unsafe code but one UTF-8 view. The protocol is part of the plugin
//! boundary: a block is a [`Header`] followed by its elements; `refs` counts the
//! references; whoever takes it to zero calls `free`, which belongs to the side that
//! allocated the block.
#![expect(unsafe_code, reason = "the shared block behind a thin pointer is this crate's purpose")]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What stands before the elements of a shared block.
#[repr(C)]
struct Header {
    refs: AtomicUsize,
    len: usize,
    free: unsafe extern "C" fn(NonNull<Header>),
}

/// A shared, immutable list: one pointer wide, cloned by counting.
///
/// The empty list allocates nothing. Like `Arc`, a count beyond `isize::MAX` aborts the
/// process, and the last owner runs the elements' destructors; a destructor that panics
/// aborts, since it runs behind a C function.
///
/// ```
/// use trilayer_abi::SharedSlice;
///
/// let tags: SharedSlice<u32> = vec![1, 2, 3].into();
/// assert_eq!(tags.clone().as_slice(), [1, 2, 3]);
/// ```
#[repr(transparent)]
pub struct SharedSlice<T> {
    block: Option<NonNull<Header>>,
    elements: PhantomData<T>,
}

// SAFETY: a shared block is read-only until its last owner drops it, as in `Arc<[T]>`,
// so the same bounds on T make it safe to send.
unsafe impl<T: Send + Sync> Send for SharedSlice<T> {}
// SAFETY: as above; a shared reference only ever yields `&T` and clones.
unsafe impl<T: Send + Sync> Sync for SharedSlice<T> {}

impl<T> SharedSlice<T> {
    /// The empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { block: None, elements: PhantomData }
    }

    /// Moves the elements of a vector into one shared block.
    fn from_vec(mut elements: Vec<T>) -> Self {
        let len = elements.len();
        // The elements are owned by the block from here on; were this to unwind in
        // between, they would leak rather than be dropped twice.
        // SAFETY: zero is within any capacity, and the elements beyond it stay initialised.
        unsafe { elements.set_len(0) };
        // SAFETY: the pointer covers `len` initialised elements that nobody else owns now.
        unsafe { Self::from_raw_elements(elements.as_ptr(), len) }
    }

    /// Moves `len` elements at `source` into a new block.
    ///
    /// # Safety
    /// `source` is valid for `len` initialised elements, which the caller must not use or
    /// drop afterwards (copies of `Copy` elements excepted).
    unsafe fn from_raw_elements(source: *const T, len: usize) -> Self {
        if len == 0 {
            return Self::new();
        }
        let layout = Self::layout(len);
        // SAFETY: the layout holds at least a header, so its size is not zero.
        let raw = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(raw.cast::<Header>()) else { handle_alloc_error(layout) };
        let header = Header { refs: AtomicUsize::new(1), len, free: free::<T> };
        // SAFETY: `block` is freshly allocated with room and alignment for a header.
        unsafe { block.write(header) };
        // SAFETY: the layout has room for `len` elements at the offset of `elements`, and
        // a fresh block overlaps nothing.
        unsafe { std::ptr::copy_nonoverlapping(source, Self::elements(block), len) };
        Self { block: Some(block), elements: PhantomData }
    }

    const OFFSET: usize = size_of::<Header>().next_multiple_of(align_of::<T>());

    fn elements(block: NonNull<Header>) -> *mut T {
        // SAFETY: every block is allocated by `layout`, which covers OFFSET bytes and more.
        unsafe { block.cast::<u8>().add(Self::OFFSET) }.cast::<T>().as_ptr()
    }

    #[expect(clippy::expect_used, reason = "as in Vec, a size no address space can hold is a caller's bug")]
    fn layout(len: usize) -> Layout {
        let elements = Layout::array::<T>(len).expect("a shared list larger than the address space");
        let (layout, offset) =
            Layout::new::<Header>().extend(elements).expect("a shared list larger than the address space");
        debug_assert_eq!(offset, Self::OFFSET);
        layout
    }

    /// The elements.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        let Some(block) = self.block else { return &[] };
        // SAFETY: a block stays allocated and unchanged while a reference to it lives.
        let len = unsafe { block.as_ref() }.len;
        // SAFETY: a block holds `len` initialised elements, never written again.
        unsafe { std::slice::from_raw_parts(Self::elements(block), len) }
    }

    /// Bytes on the heap for the block itself; what the elements own is not included.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        match self.len() {
            0 => 0,
            len => (Self::OFFSET + len * size_of::<T>()) as u64,
        }
    }

    /// Whether both are the same block (or both empty): equal without looking inside.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.block == other.block
    }
}

impl<T: Copy> SharedSlice<T> {
    /// Copies a slice into a new block.
    #[must_use]
    pub fn copy_from(elements: &[T]) -> Self {
        // SAFETY: the slice is initialised, and copies of `Copy` elements may be made freely.
        unsafe { Self::from_raw_elements(elements.as_ptr(), elements.len()) }
    }
}

/// Frees a block of `T`s: the function that travels with every block this side makes.
///
/// # Safety
/// `block` was made by `SharedSlice::<T>::from_raw_elements` of this very build, and the
/// caller held its last reference.
unsafe extern "C" fn free<T>(block: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the header readable.
    let len = unsafe { block.as_ref() }.len;
    let elements = std::ptr::slice_from_raw_parts_mut(SharedSlice::<T>::elements(block), len);
    // SAFETY: the last reference is gone, so nobody else can see the elements.
    unsafe { std::ptr::drop_in_place(elements) };
    // SAFETY: the block was allocated by this build with the same layout.
    unsafe { dealloc(block.cast::<u8>().as_ptr(), SharedSlice::<T>::layout(len)) };
}

impl<T> Clone for SharedSlice<T> {
    fn clone(&self) -> Self {
        if let Some(block) = self.block {
            // SAFETY: `self` holds a reference, so the header is alive.
            let header = unsafe { block.as_ref() };
            // Relaxed suffices: the new reference is made from one that already exists.
            if header.refs.fetch_add(1, Ordering::Relaxed) > isize::MAX as usize {
                std::process::abort();
            }
        }
        Self { block: self.block, elements: PhantomData }
    }
}

impl<T> Drop for SharedSlice<T> {
    fn drop(&mut self) {
        let Some(block) = self.block else { return };
        // SAFETY: `self` still holds a reference, so the header is alive.
        let header = unsafe { block.as_ref() };
        let free = header.free;
        if header.refs.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        // A load rather than a fence, which checkers of data races do not know.
        header.refs.load(Ordering::Acquire);
        // SAFETY: that was the last reference, and `free` came with the block.
        unsafe { free(block) };
    }
}

impl<T> Default for SharedSlice<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for SharedSlice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> AsRef<[T]> for SharedSlice<T> {
    fn as_ref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(elements: Vec<T>) -> Self {
        Self::from_vec(elements)
    }
}

impl<T, const N: usize> From<[T; N]> for SharedSlice<T> {
    fn from(elements: [T; N]) -> Self {
        Self::from_vec(Vec::from(elements))
    }
}

impl<T> FromIterator<T> for SharedSlice<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::from_vec(elements.into_iter().collect())
    }
}

impl<'a, T> IntoIterator for &'a SharedSlice<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for SharedSlice<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for SharedSlice<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn elements_are_dropped_once_when_the_last_clone_goes() {
        let drops = Arc::new(AtomicUsize::new(0));
        let list: SharedSlice<Counted> = (0..5).map(|_| Counted(Arc::clone(&drops))).collect();
        let clone = list.clone();
        drop(list);
        assert_eq!(drops.load(Ordering::SeqCst), 0, "a clone still reads them");
        assert_eq!(clone.len(), 5);
        drop(clone);
        assert_eq!(drops.load(Ordering::SeqCst), 5);
    }

    #[test]
    fn the_empty_list_is_a_null_pointer() {
        let list = SharedSlice::<String>::from(Vec::new());
        assert!(list.is_empty() && list.block.is_none());
        assert_eq!(list.heap_bytes(), 0);
    }

    #[test]
    fn wide_alignment_is_respected() {
        #[derive(Debug, PartialEq)]
        #[repr(align(64))]
        struct Wide(u8);
        let list: SharedSlice<Wide> = vec![Wide(1), Wide(2)].into();
        assert_eq!(list.as_slice().as_ptr() as usize % 64, 0);
        assert_eq!(list.as_slice(), [Wide(1), Wide(2)]);
    }

    #[test]
    fn zero_sized_elements_work() {
        let list: SharedSlice<()> = vec![(), ()].into();
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn clones_on_many_threads_free_once() {
        let drops = Arc::new(AtomicUsize::new(0));
        let list: SharedSlice<Counted> = vec![Counted(Arc::clone(&drops))].into();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let mine = list.clone();
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        drop(mine.clone());
                    }
                });
            }
        });
        drop(list);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    }
}
