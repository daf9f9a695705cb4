//! A memory budget: work waits until what it needs is free.

#![forbid(unsafe_code)]

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be in use at once, shared by threads.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    used: Mutex<u64>,
    freed: Condvar,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(total: u64) -> Self {
        Self { total, used: Mutex::new(0), freed: Condvar::new() }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Waits until `bytes` are free and takes them; `None` when there never will be so many.
    ///
    /// Who waits must hold no share, or two such threads may wait for each other forever.
    pub(super) fn take(&self, bytes: u64) -> Option<Share<'_>> {
        if bytes > self.total {
            return None;
        }
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |used: &mut u64| *used > self.total - bytes;
        let mut used = self.freed.wait_while(used, full).unwrap_or_else(PoisonError::into_inner);
        *used += bytes;
        Some(Share { budget: self, bytes })
    }
}

impl Share<'_> {
    /// Makes it one of `bytes`, without waiting; `false` when more are wanted than are free now.
    pub(super) fn resize(&mut self, bytes: u64) -> bool {
        let mut used = self.budget.used.lock().unwrap_or_else(PoisonError::into_inner);
        let others = *used - self.bytes;
        if bytes > self.budget.total - others {
            return false;
        }
        *used = others + bytes;
        drop(used);
        if bytes < self.bytes {
            self.budget.freed.notify_all();
        }
        self.bytes = bytes;
        true
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::Budget;

    #[test]
    fn shares_in_use_never_exceed_the_total() {
        let budget = Budget::new(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..8 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for turn in 0..200 {
                        let bytes = 1 + (thread * 31 + turn * 17) % 100;
                        let share = budget.take(bytes).unwrap();
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        now.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
        assert_eq!(*budget.used.lock().unwrap(), 0);
    }

    #[test]
    fn more_than_everything_is_refused() {
        assert!(Budget::new(10).take(11).is_none());
        assert!(Budget::new(10).take(10).is_some());
    }

    #[test]
    fn a_share_grows_only_into_what_is_free() {
        let budget = Budget::new(10);
        let (mut share, other) = (budget.take(3).unwrap(), budget.take(4).unwrap());
        assert!(share.resize(6) && !share.resize(7));
        assert_eq!(*budget.used.lock().unwrap(), 10);
        drop(other);
        assert!(share.resize(10) && share.resize(2));
        drop(share);
        assert_eq!(*budget.used.lock().unwrap(), 0);
    }
}
