//! What lies in the buckets of uploads at the end, held against what the database has recorded of all owners.

use std::collections::BTreeSet;

use stampede_database::{Database, Subject, UploadCursor, UploadState};
use stampede_domain::id::{OwnerId, Picture, Stamp};

use super::report::keys;

/// Uploads of a page.
const PAGE: u32 = 500;

/// What lies there.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Pictures and stamps that are ready.
    pub(super) recorded: usize,
    /// What was sent by forms and was not looked at, or is not what it should be: it goes with its upload.
    pub(super) waiting: usize,
    /// Recorded, and not there.
    pub(super) missing: Vec<String>,
    /// There, and nobody's.
    pub(super) unknown: Vec<String>,
}

impl Leftovers {
    pub(super) async fn find(database: &Database, endpoint: &str, owners: &[OwnerId]) -> Self {
        let (mut recorded, mut waiting) = (BTreeSet::new(), BTreeSet::new());
        for owner in owners {
            known::<Picture>(database, *owner, &mut recorded, &mut waiting).await;
            known::<Stamp>(database, *owner, &mut recorded, &mut waiting).await;
        }
        let mut left = Self::default();
        for key in [keys(endpoint, "originals").await, keys(endpoint, "stamps").await].concat() {
            match () {
                () if recorded.remove(&key) => left.recorded += 1,
                () if waiting.contains(&key) => left.waiting += 1,
                () if key.starts_with("stamps/built-in/") => {}
                () => left.unknown.push(key),
            }
        }
        left.missing.extend(recorded);
        left
    }
}

/// Where an owner's uploads of a kind lie that are ready, and where others may lie.
async fn known<K: Subject>(
    database: &Database,
    owner: OwnerId,
    recorded: &mut BTreeSet<String>,
    waiting: &mut BTreeSet<String>,
) {
    let mut behind: Option<UploadCursor<K>> = None;
    loop {
        let page = database.list_uploads::<K>(owner, behind.as_ref(), PAGE).await.unwrap();
        for upload in &page {
            let known = match upload.state {
                UploadState::Ready { .. } => &mut *recorded,
                UploadState::Announced | UploadState::Refused { .. } => &mut *waiting,
            };
            known.insert(upload.key.clone());
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => behind = Some(UploadCursor::behind(last)),
            _ => return,
        }
    }
}
