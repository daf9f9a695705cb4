//! What follows from what was written: messages are sent, browsers told.

use stampede_database::{Change, Outgoing};
use stampede_live::Event;

use crate::App;

/// Items of one event: Pusher takes 10 KiB, and an item with a long reason has some hundred bytes.
const ITEMS_OF_AN_EVENT: usize = 20;

/// The private channel of an owner.
pub(crate) fn channel(owner: stampede_domain::id::OwnerId) -> String {
    format!("private-{owner}")
}

/// Sends messages of the outbox. What cannot be sent now stays there, and the sweeper sends it.
pub(crate) async fn send(app: &App, outgoing: &[Outgoing]) {
    let bodies: Vec<String> = outgoing.iter().map(|one| one.body.clone()).collect();
    let told = match app.parts().queue.send(&bodies).await {
        Ok(told) => told,
        Err(fault) => return tracing::warn!(%fault, "the queue takes nothing; the sweeper will send it"),
    };
    let mut sent = Vec::with_capacity(outgoing.len());
    for (one, told) in outgoing.iter().zip(told) {
        match told {
            Ok(()) => sent.push(one.id.clone()),
            Err(fault) => tracing::warn!(%fault, id = one.id, "a message was not sent"),
        }
    }
    if let Err(fault) = app.parts().database.sent(&sent).await {
        // It is sent again, and a stamper does nothing twice.
        tracing::warn!(%fault, "what was sent is not noted");
    }
}

/// Tells browsers. Who misses it finds it by its number.
pub(crate) async fn tell(app: &App, changes: &[Change]) {
    let events: Vec<Event> = changes.iter().flat_map(events).collect();
    if let Err(fault) = app.parts().live.trigger(&events).await {
        tracing::warn!(%fault, "browsers are not told; they ask for what they missed");
    }
}

/// A change as events that are short enough; the counts are in each.
fn events(change: &Change) -> Vec<Event> {
    let event = |items: &[stampede_database::ChangedItem]| {
        let part = Change { items: items.to_vec(), ..change.clone() };
        let data = serde_json::to_string(&part).unwrap_or_default();
        Event { channel: channel(change.owner), name: "change".to_owned(), data }
    };
    match &change.items[..] {
        [] => vec![event(&[])],
        items => items.chunks(ITEMS_OF_AN_EVENT).map(event).collect(),
    }
}
