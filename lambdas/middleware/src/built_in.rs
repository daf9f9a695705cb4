//! The stamps that everybody has.

use bytes::Bytes;
use stampede_store::{About, Fault, Store};

/// A stamp that comes with the service.
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    content: &'static [u8],
}

pub(crate) const STAMPS: [BuiltIn; 3] = [
    BuiltIn { name: "logo", title: "Stampede", content: include_bytes!("../../../fixtures/stamps/logo.svg") },
    BuiltIn { name: "badge", title: "Badge", content: include_bytes!("../../../fixtures/stamps/badge.svg") },
    BuiltIn {
        name: "badge-text",
        title: "Badge with a text",
        content: include_bytes!("../../../fixtures/stamps/badge-text.svg"),
    },
];

/// Stands before the name of a built-in stamp where a stamp is chosen.
pub(crate) const PREFIX: &str = "built-in:";

/// Where such a stamp lies in the store.
pub(crate) fn key(name: &str) -> Option<String> {
    STAMPS.iter().find(|stamp| stamp.name == name).map(|stamp| format!("stamps/built-in/{}.svg", stamp.name))
}

/// Puts the built-in stamps into the store, where they are not there yet.
///
/// # Errors
/// [`Fault`].
pub async fn put_built_in_stamps(store: &Store) -> Result<(), Fault> {
    for stamp in STAMPS {
        let Some(key) = key(stamp.name) else { continue };
        let known = store.head(&key).await?;
        if known.is_none_or(|known| known.bytes != stamp.content.len() as u64) {
            let about = About::of_type("image/svg+xml");
            store.put(&key, Bytes::from_static(stamp.content), &about).await?;
        }
    }
    Ok(())
}
