//! Prepared stamps in memory, least recently used out first, each made by one thread only.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Key;
use crate::{Prepared, Result};

#[derive(Debug)]
pub(super) struct Memory {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Entry>,
    /// The sum of the entries' bytes.
    bytes: u64,
    clock: u64,
}

/// Locked while its stamp is being made, so that others wait for it.
type Slot = Arc<Mutex<Option<Arc<Prepared>>>>;

#[derive(Debug)]
struct Entry {
    slot: Slot,
    used: u64,
    /// `None` while it is being made.
    bytes: Option<u64>,
}

impl Memory {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// The stamp of `key`, made now unless it is here. Who asks for it meanwhile waits; where
    /// making fails, the next one tries again.
    pub(super) fn get(&self, key: &Key, make: impl FnOnce() -> Result<Prepared>) -> Result<Arc<Prepared>> {
        let slot = self.slot(key);
        let mut made = lock(&slot);
        if let Some(prepared) = &*made {
            return Ok(Arc::clone(prepared));
        }
        match make() {
            Ok(prepared) => {
                let prepared = Arc::new(prepared);
                *made = Some(Arc::clone(&prepared));
                drop(made);
                self.keep(key, &slot, prepared.bytes().len() as u64);
                Ok(prepared)
            }
            Err(error) => {
                drop(made);
                self.forget(key, &slot);
                Err(error)
            }
        }
    }

    fn slot(&self, key: &Key) -> Slot {
        let mut state = lock(&self.state);
        state.clock += 1;
        let used = state.clock;
        let new = || Entry { slot: Slot::default(), used, bytes: None };
        let entry = state.entries.entry(*key).or_insert_with(new);
        entry.used = used;
        Arc::clone(&entry.slot)
    }

    /// Counts a stamp just made, and makes room for it.
    fn keep(&self, key: &Key, slot: &Slot, bytes: u64) {
        if bytes > self.limit {
            return self.forget(key, slot);
        }
        let mut state = lock(&self.state);
        let Some(entry) = state.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.slot, slot)) else {
            return;
        };
        entry.bytes = Some(bytes);
        state.bytes += bytes;
        while state.bytes > self.limit {
            let made = state.entries.iter().filter(|(other, entry)| entry.bytes.is_some() && *other != key);
            let Some(oldest) = made.min_by_key(|(_, entry)| entry.used).map(|(oldest, _)| *oldest) else {
                return;
            };
            let removed = state.entries.remove(&oldest).and_then(|entry| entry.bytes);
            state.bytes -= removed.unwrap_or_default();
        }
    }

    fn forget(&self, key: &Key, slot: &Slot) {
        let mut state = lock(&self.state);
        if state.entries.get(key).is_some_and(|entry| entry.bytes.is_none() && Arc::ptr_eq(&entry.slot, slot))
        {
            state.entries.remove(key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::tests::{request, stamp};
    use super::*;
    use crate::Error;

    /// A stamp of 4 × `width` bytes.
    fn prepared(width: u32) -> Result<Prepared> {
        Prepared::new(&stamp(), &request(width, 1))
    }

    fn never() -> Result<Prepared> {
        Err(Error::Cancelled)
    }

    #[test]
    fn many_threads_make_it_once() {
        let (memory, made, barrier) = (Memory::new(1 << 20), AtomicUsize::new(0), Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let get = memory.get(&[7; 32], || {
                        made.fetch_add(1, Ordering::SeqCst);
                        prepared(100)
                    });
                    assert_eq!(get.unwrap().width(), 100);
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let memory = Memory::new(4 * 20);
        for key in [1, 2] {
            memory.get(&[key; 32], || prepared(10)).unwrap();
        }
        memory.get(&[1; 32], never).unwrap();
        memory.get(&[3; 32], || prepared(10)).unwrap();
        assert!(memory.get(&[1; 32], never).is_ok() && memory.get(&[3; 32], never).is_ok());
        assert!(memory.get(&[2; 32], never).is_err());
        assert_eq!(lock(&memory.state).bytes, 80);
    }

    #[test]
    fn what_is_too_large_is_handed_out_but_not_kept() {
        let memory = Memory::new(4 * 20);
        memory.get(&[1; 32], || prepared(10)).unwrap();
        assert_eq!(memory.get(&[2; 32], || prepared(21)).unwrap().width(), 21);
        assert!(memory.get(&[2; 32], never).is_err());
        assert!(memory.get(&[1; 32], never).is_ok());
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let memory = Memory::new(1 << 20);
        assert!(memory.get(&[1; 32], never).is_err());
        assert!(lock(&memory.state).entries.is_empty());
        assert!(memory.get(&[1; 32], || prepared(1)).is_ok());
    }
}
