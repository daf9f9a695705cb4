//! Any sequence of reports, cancellations and retries gives what the domain's items give.

use proptest::prelude::*;
use stampede_domain::item::{Event, Item};
use stampede_domain::job::Counts;

use crate::jobs::{output, report};
use crate::places::{homes, job_id, make, new_job, owner};

const ITEMS: u8 = 3;

#[derive(Clone, Debug)]
enum Step {
    Report(u32, u32, u8),
    Cancel,
    Retry,
}

fn event(kind: u8) -> Event {
    match kind {
        0 => Event::Started,
        1 => Event::Finished { output: output(1) },
        _ => Event::Failed { reason: "no picture".to_owned() },
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0u32..4, 1u32..4, 0u8..3).prop_map(|(item, attempt, kind)| Step::Report(item, attempt, kind)),
        1 => Just(Step::Cancel),
        2 => Just(Step::Retry),
    ];
    prop::collection::vec(step, 1..25)
}

#[test]
fn the_database_does_what_the_domain_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let homes = runtime.block_on(homes());
    let number = std::cell::Cell::new(0u8);
    let config = ProptestConfig { cases: 60, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps())| {
        number.set(number.get() + 1);
        let id = number.get();
        for home in &homes {
            let items = runtime.block_on(async {
                let database = &home.database;
                make(database, &new_job(id, 1, ITEMS), 1).await;
                let mut model = vec![Item::new(); usize::from(ITEMS)];
                for step in &steps {
                    let changed = match *step {
                        Step::Report(item, attempt, kind) => {
                            let told = database.report(&[report(id, item, attempt, event(kind))], 2).await;
                            let own = model.get_mut(item as usize);
                            let changes = own.is_some_and(|own| own.report(attempt, event(kind)));
                            (!told.unwrap().is_empty(), changes)
                        }
                        Step::Cancel => {
                            let told = database.cancel(owner(1), job_id(id), 2).await.unwrap();
                            // Each item, not the first that changes.
                            (told.is_some(), model.iter_mut().fold(false, |any, item| item.cancel() | any))
                        }
                        Step::Retry => {
                            let told = database.retry(owner(1), job_id(id), None, 2).await.unwrap();
                            (told.is_some(), model.iter_mut().fold(false, |any, item| item.retry() | any))
                        }
                    };
                    assert_eq!(changed.0, changed.1, "{}: {step:?}", home.name);
                }
                let job = database.job(owner(1), job_id(id)).await.unwrap().unwrap();
                assert_eq!(job.counts, Counts::of(model.iter().map(|item| &item.state)));
                let items = database.items(owner(1), job_id(id), 0, 10).await.unwrap();
                (items, model)
            });
            let (items, model) = items;
            let states: Vec<_> = items.into_iter().map(|item| (item.state, item.attempt)).collect();
            prop_assert_eq!(states, model.into_iter().map(|item| (item.state, item.attempt)).collect::<Vec<_>>());
        }
    });
}
