//! Decoders, as many as there are cores for, kept from one picture to the next.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use stamp_engine::Limits;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Fault;
use crate::process::{Job, Lost, Process};
use crate::wire::{Hello, Kept};
use crate::work::{Done, Stamp, Work};

const MIB: u64 = 1 << 20;

/// Whether decoders are confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confinement {
    /// Where the kernel can; elsewhere a warning says so.
    #[default]
    WherePossible,
    /// Or nothing is decoded.
    Always,
    /// Not at all; they are other processes still, and are ended when they take too long.
    Never,
}

impl FromStr for Confinement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "where-possible" => Ok(Self::WherePossible),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(format!("{text:.40} is none of where-possible, always and never")),
        }
    }
}

/// What a picture may take.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of each picture.
    pub limits: Limits,
    /// Bytes of memory for all pictures in hand together.
    pub memory: u64,
    /// Pictures that are worked on at a time.
    pub cores: usize,
    /// For one picture; it has failed then.
    pub time: Duration,
    /// Whether decoders are confined.
    pub confinement: Confinement,
    /// What is begun as a decoder.
    pub program: PathBuf,
}

impl Default for Settings {
    /// This program, half of the memory that the process may use, all cores, and a minute; pictures of 134
    /// megapixels, which are more than any telephone's, and of 100 MiB.
    fn default() -> Self {
        Self {
            limits: Limits { input_bytes: 100 << 20, pixels: 1 << 27, animation_pixels: 1 << 28 },
            memory: stamp_engine::available_memory().map_or(1 << 31, |bytes| bytes / 2),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            time: Duration::from_secs(60),
            confinement: Confinement::default(),
            program: match cfg!(target_os = "linux") {
                // Even if another file has taken its name since.
                true => PathBuf::from("/proc/self/exe"),
                false => std::env::current_exe().unwrap_or_default(),
            },
        }
    }
}

/// Decoders; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Decoders(Arc<Inner>);

/// Room that a picture takes, until this is dropped.
#[derive(Debug)]
pub struct Room(#[allow(dead_code, reason = "it is held")] OwnedSemaphorePermit);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    cores: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// For pictures as they were read, whether they are worked on or wait.
    contents: Arc<Semaphore>,
    most_contents: u64,
    idle: Mutex<Vec<Process>>,
    told: Once,
}

impl Decoders {
    /// None is begun before there is work for it.
    pub fn new(settings: Settings) -> Self {
        let mebibytes = (settings.memory / MIB).min(Semaphore::MAX_PERMITS as u64) as usize;
        let memory = Arc::new(Semaphore::new(mebibytes));
        let cores = Arc::new(Semaphore::new(settings.cores.max(1)));
        let most_contents = (settings.memory / MIB / 2).clamp(1, u64::from(u32::MAX));
        let contents = Arc::new(Semaphore::new(most_contents as usize));
        let (idle, told) = (Mutex::default(), Once::new());
        Self(Arc::new(Inner { settings, cores, memory, contents, most_contents, idle, told }))
    }

    /// What they were made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Waits until a picture of so many bytes may be read, to lie in memory until there is a core for it, and be
    /// kept with it. One that is longer than there is room has all of it.
    ///
    /// # Errors
    /// [`Fault::Passing`] at the end.
    pub async fn room(&self, bytes: u64) -> Result<Room, Fault> {
        let share = bytes.div_ceil(MIB).clamp(1, self.0.most_contents);
        let share = Arc::clone(&self.0.contents).acquire_many_owned(share as u32).await;
        share.map(Room).map_err(|error| gone(&error))
    }

    /// Has a piece of work done as soon as there is a core and memory for it.
    ///
    /// # Errors
    /// [`Fault::Permanent`] when the picture is at fault, or takes too long or too much memory.
    pub async fn work(&self, work: Work, content: Bytes, stamp: Option<Stamp>) -> Result<Done, Fault> {
        let core = Arc::clone(&self.0.cores).acquire_owned().await.map_err(|error| gone(&error))?;
        let (this, runtime) = (self.clone(), Handle::current());
        let worked = tokio::task::spawn_blocking(move || {
            let worked = this.0.on_a_process(&work, &content, stamp.as_ref(), &runtime);
            drop(core);
            worked
        });
        worked.await.map_err(|error| gone(&error))?
    }
}

fn gone(error: &dyn std::fmt::Display) -> Fault {
    Fault::Passing(format!("decoders are going away: {error}"))
}

impl Inner {
    fn on_a_process(
        &self,
        work: &Work,
        content: &Bytes,
        stamp: Option<&Stamp>,
        runtime: &Handle,
    ) -> Result<Done, Fault> {
        let Settings { time, memory, .. } = self.settings;
        let job = Job { work, content, stamp, time, longest: memory };
        // One that waited may be gone, which is no picture's fault; a new one is not.
        for process in self.idle().into_iter().map(Ok).chain(std::iter::once_with(|| self.begin())) {
            let mut process = process?;
            match process.work(&job, |needed| self.admit(needed, runtime)) {
                Ok(done) => {
                    self.kept().push(process);
                    return done;
                }
                Err(Lost::Before) => {}
                Err(Lost::Late) => {
                    let reason = format!(
                        "it takes longer than the {} seconds that a picture may take",
                        time.as_secs()
                    );
                    return Err(Fault::Permanent(reason));
                }
                Err(Lost::Killed) => return Err(Fault::Passing("its decoder was killed".to_owned())),
                Err(Lost::Broken(how)) => {
                    let reason =
                        format!("it takes more memory than a picture may, or broke its decoder ({how})");
                    return Err(Fault::Permanent(reason));
                }
            }
        }
        Err(Fault::Passing("no decoder begins".to_owned()))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> Option<Process> {
        self.kept().pop()
    }

    fn begin(&self) -> Result<Process, Fault> {
        let Settings { limits, memory, confinement, ref program, .. } = self.settings;
        let hello = Hello {
            most_pixels: limits.pixels,
            longest_input: limits.input_bytes,
            most_animation_pixels: limits.animation_pixels,
            memory,
            confine: confinement != Confinement::Never,
        };
        let begun = Process::start(program, hello);
        let (process, kept) = begun.map_err(|error| Fault::Passing(format!("no decoder begins: {error}")))?;
        self.told.call_once(|| match &kept {
            Kept::FromAll => {
                tracing::info!("decoders have no files but the cache, no network and no other programs")
            }
            Kept::WithoutLandlock => {
                tracing::info!("decoders have no files, no network and no other programs")
            }
            Kept::FromNothing => tracing::warn!("decoders are not confined, as was asked for"),
            Kept::Failed(reason) => tracing::warn!(reason, "decoders are not confined"),
        });
        match kept {
            Kept::Failed(reason) if confinement == Confinement::Always => Err(Fault::Passing(reason)),
            _ => Ok(process),
        }
    }

    /// Waits for memory; a picture that needs more than there is altogether has no use in waiting.
    fn admit(&self, needed: u64, runtime: &Handle) -> Result<OwnedSemaphorePermit, Fault> {
        let (needed, budget) = (needed.div_ceil(MIB), self.settings.memory / MIB);
        let share = u32::try_from(needed).ok().filter(|_| needed <= budget);
        let share = share.ok_or_else(|| {
            let reason =
                format!("stamping it takes {needed} MiB of memory, more than the {budget} MiB there are");
            Fault::Permanent(reason)
        })?;
        let admitted = runtime.block_on(Arc::clone(&self.memory).acquire_many_owned(share));
        admitted.map_err(|error| Fault::Passing(error.to_string()))
    }
}
