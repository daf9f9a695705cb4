//! Everything that a picture's state can depend on, and each next step of it.

use stampede_domain::item::{Event, Item, Output};

/// A message is received so often; then it goes to the dead letters.
const MOST_RECEIVES: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) item: Item,
    /// Whether it can be stamped.
    pub(crate) is_sound: bool,
    /// Whether the whole result is in the store: it is put there in one step, under one key.
    pub(crate) is_stored: bool,
    /// Attempts that are to be sent to the queue.
    outbox: Vec<u32>,
    queue: Vec<Message>,
    stampers: Vec<Stamper>,
    /// Attempts whose message was received too often.
    dead: Vec<u32>,
    /// Call backs that are still on their way when nobody waits for them.
    late: Vec<(u32, Told)>,
    /// How much may yet go wrong.
    failures: u8,
    most_failures: u8,
    /// How often the owner may yet give up, or try again.
    wishes: u8,
    most_wishes: u8,
    rules: Rules,
}

/// How the service works; by default as it does, otherwise as it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rules {
    pub(crate) reads_dead_letters: bool,
    pub(crate) stores_first: bool,
    pub(crate) has_outbox: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { reads_dead_letters: true, stores_first: true, has_outbox: true }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Message {
    attempt: u32,
    receives: u8,
}

/// Who holds a message, and how far they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Stamper {
    message: Message,
    step: Step,
    /// Whether the message came back to the queue while it was worked on.
    is_overdue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Step {
    Received,
    Begun,
    Stored,
    Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Told {
    Started,
    Finished,
    Failed,
}

impl Told {
    fn event(self) -> Event {
        let (key, path) = ("stamped/a.jpg".to_owned(), "splice".to_owned());
        match self {
            Self::Started => Event::Started,
            Self::Finished => {
                let output = Output { key, bytes: 1, width: 2, height: 3, path, milliseconds: 4 };
                Event::Finished { output }
            }
            Self::Failed => Event::Failed { reason: "damaged JPEG".to_owned() },
        }
    }
}

impl World {
    /// A job was asked for, and answered: its item and its message were written in one transaction.
    pub(crate) fn new(is_sound: bool, failures: u8, wishes: u8, rules: Rules) -> Self {
        Self {
            item: Item::new(),
            is_sound,
            is_stored: false,
            outbox: vec![1],
            queue: Vec::new(),
            stampers: Vec::new(),
            dead: Vec::new(),
            late: Vec::new(),
            failures,
            most_failures: failures,
            wishes,
            most_wishes: wishes,
            rules,
        }
    }

    /// Nothing happens any more but by the owner's wish, or by what is on its way for no reason.
    pub(crate) fn is_at_rest(&self) -> bool {
        let nobody_reads = !self.rules.reads_dead_letters || self.dead.is_empty();
        self.outbox.is_empty() && self.queue.is_empty() && self.stampers.is_empty() && nobody_reads
    }

    pub(crate) fn is_untroubled(&self) -> bool {
        (self.failures, self.wishes) == (self.most_failures, self.most_wishes)
    }

    /// Whatever can happen next.
    pub(crate) fn steps(&self) -> Vec<(&'static str, Self)> {
        let mut steps = Vec::new();
        self.send(&mut steps);
        self.receive(&mut steps);
        (0..self.stampers.len()).for_each(|at| self.work(at, &mut steps));
        self.sweep(&mut steps);
        self.wish(&mut steps);
        steps
    }

    fn send(&self, steps: &mut Vec<(&'static str, Self)>) {
        for (at, &attempt) in self.outbox.iter().enumerate() {
            let sent = |world: &mut Self| {
                world.outbox.remove(at);
                world.put(Message { attempt, receives: 0 });
            };
            steps.push(("a message is sent", self.then(sent)));
            self.failing(steps, "a message is sent, and that is not noted", |world| {
                world.put(Message { attempt, receives: 0 });
            });
            if !self.rules.has_outbox {
                self.failing(steps, "the process ends before it sends", |world| {
                    world.outbox.remove(at);
                });
            }
        }
    }

    fn receive(&self, steps: &mut Vec<(&'static str, Self)>) {
        for (at, &message) in self.queue.iter().enumerate() {
            let received = |world: &mut Self| {
                world.queue.remove(at);
                let receives = message.receives + 1;
                match receives > MOST_RECEIVES {
                    true => world.dead.push(message.attempt),
                    false => {
                        let message = Message { receives, ..message };
                        let stamper = Stamper { message, step: Step::Received, is_overdue: false };
                        world.stampers.push(stamper);
                    }
                }
            };
            steps.push(("a message is received", self.then(received)));
            self.failing(steps, "a message is there twice", |world| world.put(message));
        }
    }

    fn work(&self, at: usize, steps: &mut Vec<(&'static str, Self)>) {
        let stamper = self.stampers[at];
        let attempt = stamper.message.attempt;
        let at_step = |step: Step| move |world: &mut Self| world.stampers[at].step = step;
        match (stamper.step, self.is_sound) {
            (Step::Received, _) => {
                self.tell(steps, attempt, Told::Started, at_step(Step::Begun));
                // Nobody waits for it: it only shows.
                self.failing(steps, "a start is not told", at_step(Step::Begun));
            }
            (Step::Begun, true) if !self.rules.stores_first => {
                self.tell(steps, attempt, Told::Finished, at_step(Step::Told));
            }
            (Step::Begun, true) => {
                let stored = |world: &mut Self| {
                    world.is_stored = true;
                    world.stampers[at].step = Step::Stored;
                };
                steps.push(("the result is stored", self.then(stored)));
            }
            (Step::Begun, false) => self.tell(steps, attempt, Told::Failed, at_step(Step::Told)),
            (Step::Stored, _) => self.tell(steps, attempt, Told::Finished, at_step(Step::Told)),
            (Step::Told, _) => {
                let deleted = |world: &mut Self| {
                    world.stampers.remove(at);
                };
                steps.push(("a message is deleted", self.then(deleted)));
            }
        }
        self.failing(steps, "a stamper ends, or gives up", |world| world.end(at));
        if !stamper.is_overdue {
            self.failing(steps, "a message comes back while it is worked on", |world| {
                world.stampers[at].is_overdue = true;
                world.put(stamper.message);
            });
        }
    }

    /// A call back: it arrives and its answer too, or not the one or not the other.
    fn tell(
        &self,
        steps: &mut Vec<(&'static str, Self)>,
        attempt: u32,
        told: Told,
        go_on: impl Fn(&mut Self),
    ) {
        let arrived = |world: &mut Self| {
            world.item.report(attempt, told.event());
            go_on(world);
        };
        steps.push(("a call back arrives", self.then(arrived)));
        if told == Told::Started {
            return;
        }
        self.failing(steps, "a call back arrives and is not answered", |world| {
            world.item.report(attempt, told.event());
        });
        self.failing(steps, "a call back is on its way for long", |world| world.late.push((attempt, told)));
    }

    fn sweep(&self, steps: &mut Vec<(&'static str, Self)>) {
        for (at, &attempt) in self.dead.iter().enumerate().filter(|_| self.rules.reads_dead_letters) {
            let buried = |world: &mut Self| {
                world.dead.remove(at);
                world.item.report(attempt, Told::Failed.event());
            };
            steps.push(("a dead letter is read", self.then(buried)));
        }
        for (at, &(attempt, told)) in self.late.iter().enumerate() {
            let arrived = |world: &mut Self| {
                world.late.remove(at);
                world.item.report(attempt, told.event());
            };
            steps.push(("a late call back arrives", self.then(arrived)));
        }
    }

    fn wish(&self, steps: &mut Vec<(&'static str, Self)>) {
        if self.wishes == 0 {
            return;
        }
        let mut next = Self { wishes: self.wishes - 1, ..self.clone() };
        if next.item.cancel() {
            // What was not sent is taken out of the outbox.
            next.outbox.clear();
            steps.push(("the owner gives up", next));
        }
        let mut next = Self { wishes: self.wishes - 1, ..self.clone() };
        if next.item.retry() {
            next.outbox.push(next.item.attempt);
            steps.push(("the owner tries again", next));
        }
    }

    fn failing(
        &self,
        steps: &mut Vec<(&'static str, Self)>,
        name: &'static str,
        change: impl FnOnce(&mut Self),
    ) {
        if self.failures > 0 {
            let next = Self { failures: self.failures - 1, ..self.clone() };
            steps.push((name, next.then(change)));
        }
    }

    /// Changed, and in an order that does not tell in which order it came about.
    fn then(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next.outbox.sort_unstable();
        next.queue.sort_unstable();
        next.stampers.sort_unstable();
        next.dead.sort_unstable();
        next.late.sort_unstable();
        next
    }

    fn put(&mut self, message: Message) {
        self.queue.push(message);
    }

    /// The message comes back, if it has not done so already.
    fn end(&mut self, at: usize) {
        let stamper = self.stampers.remove(at);
        if !stamper.is_overdue {
            self.put(stamper.message);
        }
    }
}
