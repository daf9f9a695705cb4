//! What follows from what was written: messages are sent, browsers told.

use stampede_database::{Change, Outgoing};
use stampede_live::Event;

use crate::App;

/// Bytes of an event's data; Pusher takes so many.
const LONGEST_EVENT: usize = 10 << 10;

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
    let mut events = Vec::new();
    let mut parts = vec![&change.items[..]];
    while let Some(items) = parts.pop() {
        let part = Change { items: items.to_vec(), ..change.clone() };
        let data = serde_json::to_string(&part).unwrap_or_default();
        if data.len() > LONGEST_EVENT && items.len() > 1 {
            let (first, second) = items.split_at(items.len() / 2);
            parts.extend([second, first]);
        } else {
            events.push(Event { channel: channel(change.owner), name: "change".to_owned(), data });
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use stampede_database::{ChangedItem, ZipState};
    use stampede_domain::id::{JobId, OwnerId};
    use stampede_domain::item::{LONGEST_REASON, State};
    use stampede_domain::job::Counts;

    use super::*;

    #[test]
    fn events_are_short_and_hold_every_item_once_in_order() {
        // As long as an item can be in JSON.
        let state = State::Failed { reason: "\u{1}".repeat(LONGEST_REASON) };
        let items = (0..100).map(|number| ChangedItem { number, attempt: 1, state: state.clone() });
        let change = Change {
            owner: OwnerId::from_bytes([1; 16]),
            sequence: 7,
            job: JobId::from_bytes([2; 16]),
            items: items.collect(),
            counts: Counts { failed: 100, ..Counts::default() },
            zip: ZipState::None,
        };
        let events = events(&change);
        assert!(events.iter().all(|event| event.data.len() <= LONGEST_EVENT), "{}", events.len());
        let told = events.iter().flat_map(|event| serde_json::from_str::<Change>(&event.data).unwrap().items);
        assert_eq!(told.collect::<Vec<_>>(), change.items);
        let zip = Change { items: Vec::new(), ..change };
        assert_eq!(super::events(&zip).len(), 1);
    }
}
