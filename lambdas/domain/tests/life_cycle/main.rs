//! The life of one picture of a job, in every order in which its parts can act and fail, up to so many
//! failures. The rules are the domain's own ([`Item`](stampede_domain::item::Item)); what stands around
//! them, the outbox, the queue, stampers, call backs and the sweeper, is a model of what
//! `stampede-middleware`, `stampede-stamper` and SQS do.

mod world;

use std::collections::{HashSet, VecDeque};

use stampede_domain::item::State;

use self::world::{Rules, World};

/// Every world that can come of `first`; how many there are, and how many of them are at rest.
fn explore(first: World) -> (usize, usize) {
    let mut known = HashSet::from([first.clone()]);
    let mut ahead = VecDeque::from([first]);
    let mut at_rest = 0;
    while let Some(world) = ahead.pop_front() {
        at_rest += usize::from(world.is_at_rest());
        check(&world);
        for (step, next) in world.steps() {
            check_step(&world, step, &next);
            if known.insert(next.clone()) {
                ahead.push_back(next);
            }
        }
    }
    (known.len(), at_rest)
}

fn check(world: &World) {
    if let State::Done(_) = world.item.state {
        assert!(world.is_stored, "done, and there is no result: {world:?}");
    }
    if world.is_at_rest() {
        assert!(world.item.is_closed(), "nobody works on it any more, and it is not at its end: {world:?}");
    }
    if world.is_at_rest() && world.is_untroubled() {
        let is_done = matches!(world.item.state, State::Done(_));
        assert_eq!(is_done, world.is_sound, "nothing went wrong but the picture: {world:?}");
    }
}

fn check_step(before: &World, step: &str, after: &World) {
    let is_done = |world: &World| matches!(world.item.state, State::Done(_));
    assert!(!is_done(before) || before.item == after.item, "{step} changed what was done: {before:?}");
    let back = before.item.state != State::Queued && after.item.state == State::Queued;
    assert!(!back || after.item.attempt == before.item.attempt + 1, "{step} began anew: {before:?}");
    // So that the worlds without failures are finitely many, and each history ends at rest.
    assert!(before != after, "{step} changed nothing: {before:?}");
}

#[test]
fn every_picture_is_done_once_or_failed_with_a_reason() {
    for is_sound in [true, false] {
        let (worlds, at_rest) = explore(World::new(is_sound, 4, 1, Rules::default()));
        println!("sound: {is_sound}; {worlds} worlds, {at_rest} of them at rest");
        assert!(worlds > 100_000 && at_rest > 20, "the model does not move");
    }
}

/// The properties are none that nothing could break.
#[test]
#[should_panic(expected = "nobody works on it any more")]
fn a_sweeper_that_reads_no_dead_letters_is_found_out() {
    explore(World::new(true, 4, 0, Rules { reads_dead_letters: false, ..Rules::default() }));
}

#[test]
#[should_panic(expected = "there is no result")]
fn telling_before_storing_is_found_out() {
    explore(World::new(true, 2, 0, Rules { stores_first: false, ..Rules::default() }));
}

#[test]
#[should_panic(expected = "nobody works on it any more")]
fn a_request_without_an_outbox_is_found_out() {
    explore(World::new(true, 2, 0, Rules { has_outbox: false, ..Rules::default() }));
}
