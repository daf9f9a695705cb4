//! Where the keys come from, page by page: memory does not grow with them.

use aws_sdk_s3::Client;

use super::address::Prefix;
use super::inventory::Inventory;
use super::said;

/// Keys in a certain order, from any of them on.
pub(super) enum Source {
    Listing(Listing),
    Inventory(Inventory),
}

/// Some keys, and from where to go on behind them.
pub(super) struct Page {
    pub(super) keys: Vec<String>,
    pub(super) after: String,
}

/// What S3 lists of a prefix.
pub(super) struct Listing {
    client: Client,
    place: Prefix,
    after: Option<String>,
    done: bool,
}

impl Source {
    pub(super) fn listing(client: Client, place: Prefix, after: Option<String>) -> Self {
        Self::Listing(Listing { client, place, after, done: false })
    }

    /// The next keys; `None` behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, String> {
        match self {
            Self::Listing(listing) => listing.next().await,
            Self::Inventory(inventory) => inventory.next().await,
        }
    }

    /// Whether it is known that no key is left: an inventory's end is found when it is read.
    pub(super) fn is_at_end(&self) -> bool {
        match self {
            Self::Listing(listing) => listing.done,
            Self::Inventory(_) => false,
        }
    }
}

impl Listing {
    async fn next(&mut self) -> Result<Option<Page>, String> {
        if self.done {
            return Ok(None);
        }
        let Prefix { bucket, prefix } = &self.place;
        let list = self.client.list_objects_v2().bucket(bucket).prefix(prefix);
        let list = list.set_start_after(self.after.clone()).send().await;
        let list = list.map_err(|error| said(&self.place.to_string(), error))?;
        self.done = !list.is_truncated().unwrap_or(false);
        let keys: Vec<_> = list.contents.unwrap_or_default().into_iter().filter_map(|one| one.key).collect();
        let Some(last) = keys.last().cloned() else { return Ok(None) };
        self.after = Some(last.clone());
        Ok(Some(Page { keys, after: last }))
    }
}
