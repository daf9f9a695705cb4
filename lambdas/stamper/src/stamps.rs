//! The files of stamps that were read lately.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stampede_decoder::Stamp;
use stampede_domain::message::Address;
use stampede_store::Store;

use crate::Fault;

/// Stamps kept; a batch mostly has one.
const KEPT: usize = 32;
/// As the middleware takes them.
const LONGEST: u64 = 10 << 20;

/// What lies in other people's buckets may change: it is read again after so long.
const FOREIGN_FOR: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Stamps(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    /// The key, or the whole address.
    name: String,
    stamp: Stamp,
    until: Option<Instant>,
}

impl Stamps {
    /// The service's own stamp at a key. What lies there never changes: another upload has another key.
    pub(crate) async fn own(&self, store: &Store, key: &str) -> Result<Stamp, Fault> {
        self.get(store, key, key.to_owned(), None).await
    }

    /// A stamp in any bucket.
    pub(crate) async fn foreign(&self, store: &Store, address: &Address) -> Result<Stamp, Fault> {
        let bucket = store.bucket(&address.bucket)?;
        self.get(&bucket, &address.key, address.to_string(), Some(Instant::now() + FOREIGN_FOR)).await
    }

    async fn get(
        &self,
        store: &Store,
        key: &str,
        name: String,
        until: Option<Instant>,
    ) -> Result<Stamp, Fault> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_good = |one: &&Kept| one.name == name && one.until.is_none_or(|until| now < until);
        if let Some(one) = kept().iter().find(is_good) {
            return Ok(one.stamp.clone());
        }
        let (_, content) = store.get(key, LONGEST).await.map_err(|fault| match fault {
            stampede_store::Fault::Missing(_) => Fault::Permanent("the stamp was deleted".to_owned()),
            fault => fault.into(),
        })?;
        let stamp = Stamp::new(content);
        let mut kept = kept();
        kept.retain(|one| one.name != name);
        kept.push_front(Kept { name, stamp: stamp.clone(), until });
        kept.truncate(KEPT);
        Ok(stamp)
    }
}
