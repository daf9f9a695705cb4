//! How many connections there are at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, getrlimit, setrlimit};
use stampede_middleware::Address;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where the system sets no limit.
const MANY: usize = 1 << 20;

/// Places for connections: three for four files that the process may have open, as the store, the database and the
/// decoders need some, too. One address has half of them at most, so that it keeps out nobody else; this machine has
/// all of them, as a proxy on it speaks for everybody.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    each: usize,
    taken: Taken,
}

type Taken = Arc<Mutex<HashMap<Address, usize>>>;

/// One that is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _free: OwnedSemaphorePermit,
    address: Address,
    taken: Taken,
}

impl Places {
    /// As many as this process can have, whose limit is raised as far as it may be.
    pub(crate) fn of_this_process() -> Self {
        let mut files = getrlimit(Resource::Nofile);
        files.current = files.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, files) {
            tracing::warn!(%error, "the limit of open files stays low, and so does that of connections");
        }
        let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
        Self::new(files.map_or(MANY, |files| files / 4 * 3).clamp(2, MANY))
    }

    fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), each: most / 2, taken: Taken::default() }
    }

    /// Waits until one is free.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives a free one to an address that has not too many.
    pub(super) fn take(&self, free: Option<OwnedSemaphorePermit>, address: IpAddr) -> Option<Place> {
        let (free, address) = (free?, Address::from(address));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(address).or_default();
        if *own >= self.each && !address.is_loopback() {
            return None;
        }
        *own += 1;
        Some(Place { _free: free, address, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn take(places: &Places, address: &str) -> Option<Option<Place>> {
        let free = places.free().now_or_never()?;
        Some(places.take(free, address.parse().unwrap()))
    }

    #[tokio::test]
    async fn one_address_keeps_no_other_out() {
        let places = Places::new(4);
        let mut held: Vec<_> = (0..2).map(|_| take(&places, "192.0.2.1").unwrap().unwrap()).collect();
        assert!(take(&places, "192.0.2.1").unwrap().is_none(), "half of all are its own");
        held.push(take(&places, "2001:db8::1").unwrap().unwrap());
        held.push(take(&places, "2001:db8::2").unwrap().unwrap());
        assert!(take(&places, "192.0.2.9").is_none(), "all are taken");
        drop(held.remove(0));
        assert!(take(&places, "2001:db8::3").unwrap().is_none(), "a network is one address");
        held.push(take(&places, "192.0.2.1").unwrap().unwrap());
        drop(held);
        assert!(places.taken.lock().unwrap().is_empty(), "none is remembered");
        let all: Vec<_> = (0..4).map(|_| take(&places, "127.0.0.1").unwrap().unwrap()).collect();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn there_are_fewer_than_files() {
        let places = Places::of_this_process();
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = places.free.available_permits();
        assert!(most >= 2 && (most as u64) < files.max(3), "{most} places and {files} files");
    }
}
