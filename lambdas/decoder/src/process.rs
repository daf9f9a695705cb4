//! One decoder, from the service's side.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Signal;

use crate::Fault;
use crate::child::DECODER;
use crate::wire::{self, Asked, Hello, Kept, Told, Until};
use crate::work::{Done, Stamp, Work};

/// A decoder is ready after so long, or never.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// The rest of its end, once its socket is closed.
const ENDED_WITHIN: Duration = Duration::from_secs(2);
/// What is left to it of our environment: where its cache and fonts are, and libraries.
const ENVIRONMENT: [&str; 5] = ["HOME", "LD_LIBRARY_PATH", "STAMPEDE_LOG", "RUST_LOG", "TMPDIR"];
/// Longer pictures' memory is given back.
const SHARED_KEPT: u64 = 32 << 20;

/// A process that decodes; it ends with this.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    socket: UnixStream,
    /// What it has, too.
    shared: File,
}

/// Why a process is of no use any more.
#[derive(Debug)]
pub(crate) enum Lost {
    /// It was gone before it had the picture, which is not to blame.
    Before,
    /// It did not answer in time.
    Late,
    /// It was killed from outside, as the kernel does where memory is short.
    Killed,
    /// It ended, or said what it should not.
    Broken(String),
}

/// A piece of work.
pub(crate) struct Job<'a> {
    pub(crate) work: &'a Work,
    pub(crate) content: &'a Bytes,
    pub(crate) stamp: Option<&'a Stamp>,
    /// For each step of it.
    pub(crate) time: Duration,
    /// What is made is no longer, in bytes.
    pub(crate) longest: u64,
}

impl Process {
    /// Begins one; says what it is kept from.
    pub(crate) fn start(program: &Path, hello: Hello) -> io::Result<(Self, Kept)> {
        let (socket, theirs) = UnixStream::pair()?;
        let shared = shared_memory()?;
        let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(program);
        command.arg(DECODER).env_clear().envs(kept).current_dir("/");
        command.stdin(OwnedFd::from(theirs)).stdout(shared.try_clone()?).stderr(Stdio::inherit());
        // What a terminal sends to all of a group is for us; decoders end what they have in hand.
        let child = command.process_group(0).spawn()?;
        let mut process = Self { child, socket, shared };
        process.socket.set_write_timeout(Some(READY_WITHIN))?;
        wire::write(&mut process.socket, &Asked::Hello(hello))?;
        match wire::read(&mut process.until(READY_WITHIN))? {
            Told::Ready(kept) => Ok((process, kept)),
            _ => Err(unexpected()),
        }
    }

    /// Has a piece of work done; `admit` gives the memory it needs and takes it back when it is dropped.
    pub(crate) fn work<T>(
        &mut self,
        job: &Job<'_>,
        admit: impl FnOnce(u64) -> Result<T, Fault>,
    ) -> Result<Result<Done, Fault>, Lost> {
        let stamp = job.stamp.map(|stamp| stamp.hash);
        let asked = Asked::Work { work: Box::new(job.work.clone()), length: job.content.len() as u64, stamp };
        let Some(asked) = wire::frame(&asked) else {
            return Ok(Err(Fault::Permanent("its settings are too long".to_owned())));
        };
        let given = self.put(job.content).and_then(|()| self.socket.write_all(&asked));
        given.map_err(|_| Lost::Before)?;
        let mut told = self.hear(job.time)?;
        if let (Told::WantsStamp, Some(stamp)) = (&told, job.stamp) {
            let length = stamp.bytes.len() as u64;
            let given = self.put(&stamp.bytes);
            given.and_then(|()| wire::write(&mut self.socket, &Asked::Stamp { length })).map_err(broken)?;
            told = self.hear(job.time)?;
        }
        let mut memory = None;
        if let Told::Needs { bytes } = told {
            match admit(bytes) {
                Ok(admitted) => memory = Some(admitted),
                Err(fault) => {
                    wire::write(&mut self.socket, &Asked::Leave).map_err(broken)?;
                    return Ok(Err(fault));
                }
            }
            wire::write(&mut self.socket, &Asked::Go).map_err(broken)?;
            told = self.hear(job.time)?;
        }
        let done = match told {
            Told::Done { length, facts, milliseconds } => {
                let bytes = self.take(length, job.longest).map_err(broken)?;
                Ok(Ok(Done { bytes, facts, milliseconds }))
            }
            Told::Failed { reason, passing: false } => Ok(Err(Fault::Permanent(reason))),
            Told::Failed { reason, passing: true } => Ok(Err(Fault::Passing(reason))),
            _ => Err(broken(unexpected())),
        };
        drop(memory);
        done
    }

    fn until(&self, time: Duration) -> Until<'_> {
        Until { socket: &self.socket, deadline: Instant::now() + time }
    }

    fn hear(&mut self, time: Duration) -> Result<Told, Lost> {
        let heard = wire::read(&mut self.until(time));
        heard.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Lost::Late,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => self.ended(),
            _ => broken(error),
        })
    }

    /// How it ended, whose socket is closed.
    fn ended(&mut self) -> Lost {
        let started = Instant::now();
        while started.elapsed() < ENDED_WITHIN {
            match self.child.try_wait() {
                Ok(Some(status)) if status.signal() == Some(Signal::KILL.as_raw()) => return Lost::Killed,
                Ok(Some(status)) => return Lost::Broken(status.to_string()),
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Err(error) => return broken(error),
            }
        }
        Lost::Broken("it is silent".to_owned())
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        self.shared.write_all_at(bytes, 0)
    }

    fn take(&self, length: u64, longest: u64) -> io::Result<Bytes> {
        let there = self.shared.metadata()?.len();
        if length > there.min(longest) {
            return Err(io::Error::other(format!("{length} bytes were said to be made, of {there}")));
        }
        let mut bytes = vec![0; length as usize];
        self.shared.read_exact_at(&mut bytes, 0)?;
        if there > SHARED_KEPT {
            self.shared.set_len(0)?;
        }
        Ok(bytes.into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn broken(error: io::Error) -> Lost {
    Lost::Broken(error.to_string())
}

fn unexpected() -> io::Error {
    io::Error::other("the decoder says what is not its turn to say")
}

#[cfg(target_os = "linux")]
fn shared_memory() -> io::Result<File> {
    Ok(rustix::fs::memfd_create("picture", rustix::fs::MemfdFlags::CLOEXEC)?.into())
}

#[cfg(not(target_os = "linux"))]
fn shared_memory() -> io::Result<File> {
    tempfile::tempfile()
}
