//! A small shared memory of what was made last.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;

/// The last few values made, by key. For a handful of entries, where a scan beats hashing.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    entries: Mutex<Vec<(K, Arc<V>)>>,
    capacity: usize,
}

impl<K: PartialEq, V> Recent<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::new(Vec::new()), capacity }
    }

    /// The value of `key`, made now if it is not remembered. Two threads may make it at once;
    /// the first one's stays.
    pub(crate) fn get(&self, key: K, make: impl FnOnce(&K) -> Result<V>) -> Result<Arc<V>> {
        if let Some(found) = self.find(&key) {
            return Ok(found);
        }
        let made = Arc::new(make(&key)?);
        if let Some(found) = self.find(&key) {
            return Ok(found);
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == self.capacity {
            entries.pop();
        }
        entries.insert(0, (key, Arc::clone(&made)));
        Ok(made)
    }

    fn find(&self, key: &K) -> Option<Arc<V>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|entry| entry.0 == *key)?;
        entries[..=at].rotate_right(1);
        Some(Arc::clone(&entries[0].1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let recent = Recent::new(2);
        let never = |_: &u8| -> Result<u8> { Err(Error::Cancelled) };
        for key in [1, 2] {
            recent.get(key, |&key| Ok(key * 10)).unwrap();
        }
        assert_eq!(*recent.get(1, never).unwrap(), 10);
        recent.get(3, |_| Ok(30)).unwrap();
        assert_eq!(*recent.get(1, never).unwrap(), 10);
        assert!(recent.get(2, never).is_err());
    }
}
