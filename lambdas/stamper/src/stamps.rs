//! Stamps that were read lately.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use stamp_engine::Stamp;
use stampede_store::Store;

use crate::Fault;

/// Stamps kept; a batch mostly has one.
const KEPT: usize = 32;
/// As the middleware takes them.
const LONGEST: u64 = 10 << 20;

#[derive(Debug, Default)]
pub(crate) struct Stamps(Mutex<VecDeque<(String, Arc<Stamp>)>>);

impl Stamps {
    /// The stamp at a key. What lies there never changes: another upload has another key.
    pub(crate) async fn get(&self, store: &Store, key: &str) -> Result<Arc<Stamp>, Fault> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, stamp)) = kept().iter().find(|(own, _)| own == key) {
            return Ok(Arc::clone(stamp));
        }
        let (_, content) = store.get(key, LONGEST).await.map_err(|fault| match fault {
            stampede_store::Fault::Missing(_) => Fault::Permanent("the stamp was deleted".to_owned()),
            fault => fault.into(),
        })?;
        let decoded = tokio::task::spawn_blocking(move || Stamp::from_bytes(&content)).await;
        let stamp = Arc::new(decoded.map_err(|error| Fault::Passing(error.to_string()))??);
        let mut kept = kept();
        kept.push_front((key.to_owned(), Arc::clone(&stamp)));
        kept.truncate(KEPT);
        Ok(stamp)
    }
}
