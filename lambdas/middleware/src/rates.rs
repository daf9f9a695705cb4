//! How often one may come.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use stampede_domain::id::OwnerId;

use crate::address::Address;
use crate::problem::Problem;

/// Owners and addresses are many: those who have not come for a while are forgotten every so many requests.
const FORGET_EVERY: u64 = 4096;
/// What comes at once, in times of the rate.
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

/// Counts owners' requests and, as anybody may become an owner as often as they like, what comes of nobody's from one
/// address: new sessions, and what shows no good credentials.
#[derive(Debug)]
pub(crate) struct Rates {
    owners: DefaultKeyedRateLimiter<OwnerId>,
    strangers: DefaultKeyedRateLimiter<Address>,
    /// Hashes of API tokens that were good: who comes with one is no stranger, whoever else has the same address.
    known: Mutex<HashSet<[u8; 32]>>,
    asked: AtomicU64,
}

impl Rates {
    /// So many requests a second of an owner, and so many a minute of strangers from one address.
    pub(crate) fn new(rate: NonZeroU32) -> Self {
        let at_once = rate.saturating_mul(AT_ONCE);
        Self {
            owners: RateLimiter::keyed(Quota::per_second(rate).allow_burst(at_once)),
            strangers: RateLimiter::keyed(Quota::per_minute(rate).allow_burst(at_once)),
            known: Mutex::default(),
            asked: AtomicU64::new(0),
        }
    }

    /// A request of an owner's.
    pub(crate) fn owner(&self, owner: OwnerId) -> Result<(), Problem> {
        self.forget();
        let often = |_| Problem::too_many("wait a second, and send fewer requests at once");
        self.owners.check_key(&owner).map(drop).map_err(often)
    }

    /// A request of nobody's. Where it comes from is known wherever the service is served.
    pub(crate) fn stranger(&self, address: Option<Address>) -> Result<(), Problem> {
        self.forget();
        let Some(address) = address else { return Ok(()) };
        let often = |_| Problem::too_many("too much comes from your address without a session; wait a while");
        self.strangers.check_key(&address).map(drop).map_err(often)
    }

    /// Whether an API token with this hash was good when it came last.
    pub(crate) fn knows(&self, token: &[u8; 32]) -> bool {
        self.known().contains(token)
    }

    /// Notes whether an API token is good.
    pub(crate) fn note(&self, token: [u8; 32], is_good: bool) {
        match is_good {
            true => drop(self.known().insert(token)),
            false => drop(self.known().remove(&token)),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        if (self.asked.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FORGET_EVERY) {
            self.owners.retain_recent();
            self.strangers.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn who_came_once_is_forgotten() {
        // So often that nothing is held against anybody a moment later.
        let rates = Rates::new(NonZeroU32::MIN.saturating_add(1_000_000));
        for _ in 0..4 * FORGET_EVERY {
            rates.owner(OwnerId::random().unwrap()).unwrap();
        }
        assert!(rates.owners.len() as u64 <= FORGET_EVERY, "{}", rates.owners.len());
    }

    #[test]
    fn strangers_are_slowed_down_by_their_address() {
        let rates = Rates::new(NonZeroU32::MIN);
        let address = |last| Some(Address::from(IpAddr::from(Ipv4Addr::new(192, 0, 2, last))));
        let taken = (0..100).filter(|_| rates.stranger(address(1)).is_ok()).count();
        assert!((4..50).contains(&taken), "{taken}");
        assert!(rates.stranger(address(2)).is_ok() && rates.stranger(None).is_ok());
    }
}
