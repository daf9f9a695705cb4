//! A decoder's own side: confined, it does one piece of work after the other, until the service is gone.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::process;

use rustix::process::{Resource, Rlimit, setrlimit};
use stamp_engine::{Cache, CacheOptions, Confined, Limits, Sandbox};

use crate::Fault;
use crate::decoder::{Decoder, Thumbnail};
use crate::wire::{self, Asked, Hello, Kept, Told};
use crate::work::{Hash, Work};

/// What a program is begun with to be a decoder.
pub(crate) const DECODER: &str = "--decoder";
/// What decoding takes beside the picture: code, stacks, the cache.
const BESIDE: u64 = 256 << 20;
/// A longer picture's room is given back.
const ROOM_KEPT: usize = 32 << 20;

/// In a process that was begun to decode, does so and never returns. To be called before anything else.
pub fn serve_if_asked() {
    if is_asked() {
        serve(Some(Thumbnail {
            make: stamp_engine::thumbnail,
            memory_needed: stamp_engine::thumbnail_memory,
        }));
    }
}

/// The same for a program that asks for no previews and no thumbnails, and need not hold what makes them.
pub fn serve_stamping_if_asked() {
    if is_asked() {
        serve(None);
    }
}

fn is_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == DECODER)
}

fn serve(thumbnail: Option<Thumbnail>) -> ! {
    let child = Child::new();
    stampede_telemetry::start_log();
    let ended = child.and_then(|mut child| child.serve(thumbnail));
    process::exit(match ended {
        Ok(()) => 0,
        // The service is gone, or has enough of us.
        Err(error) if is_gone(&error) => 0,
        Err(error) => {
            tracing::error!(%error, "a decoder ends");
            1
        }
    });
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

struct Child {
    socket: UnixStream,
    /// What the service has, too.
    shared: File,
    room: Vec<u8>,
}

impl Child {
    fn new() -> io::Result<Self> {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let shared = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        // What is logged, or what a library may print, must not land in it.
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self { socket, shared, room: Vec::new() })
    }

    fn serve(&mut self, thumbnail: Option<Thumbnail>) -> io::Result<()> {
        let Asked::Hello(hello) = wire::read(&mut self.socket)? else { return Err(unexpected()) };
        let (mut decoder, kept) = confine(hello, thumbnail);
        wire::write(&mut self.socket, &Told::Ready(kept))?;
        loop {
            let (work, length, stamp) = match wire::read(&mut self.socket) {
                Ok(Asked::Work { work, length, stamp }) => (work, length, stamp),
                Ok(_) => return Err(unexpected()),
                Err(error) => return Err(error),
            };
            let told = match self.work(&mut decoder, &work, length, stamp) {
                Ok(told) => told,
                Err(Stopped::Fault(Fault::Permanent(reason))) => Told::Failed { reason, passing: false },
                Err(Stopped::Fault(Fault::Passing(reason))) => Told::Failed { reason, passing: true },
                Err(Stopped::Left) => continue,
                Err(Stopped::Io(error)) => return Err(error),
            };
            wire::write(&mut self.socket, &told)?;
        }
    }

    fn work(
        &mut self,
        decoder: &mut Decoder,
        work: &Work,
        length: u64,
        stamp: Option<Hash>,
    ) -> Result<Told, Stopped> {
        let mut content = std::mem::take(&mut self.room);
        self.fetch(&mut content, length)?;
        let stamp = match stamp {
            None => None,
            Some(hash) => Some(match decoder.stamp(&hash) {
                Some(known) => known,
                None => {
                    let file = self.ask_for_stamp()?;
                    decoder.keep_stamp(hash, &file).map_err(Stopped::Fault)?
                }
            }),
        };
        let mut left = None;
        let made = decoder.perform(work, &content, stamp, |bytes| {
            self.ask_for_memory(bytes).map_err(|stopped| {
                left = Some(stopped);
                Fault::Passing(String::new())
            })
        });
        if content.capacity() <= ROOM_KEPT {
            self.room = content;
        }
        let made = made.map_err(|fault| left.take().unwrap_or(Stopped::Fault(fault)))?;
        self.shared.write_all_at(&made.bytes, 0).map_err(Stopped::Io)?;
        Ok(Told::Done { length: made.bytes.len() as u64, facts: made.facts, milliseconds: made.milliseconds })
    }

    /// What lies in the memory that is shared.
    fn fetch(&self, into: &mut Vec<u8>, length: u64) -> Result<(), Stopped> {
        let length = usize::try_from(length).map_err(|_| Stopped::Io(unexpected()))?;
        into.resize(length, 0);
        self.shared.read_exact_at(into, 0).map_err(Stopped::Io)
    }

    fn ask_for_stamp(&mut self) -> Result<Vec<u8>, Stopped> {
        wire::write(&mut self.socket, &Told::WantsStamp)?;
        let Asked::Stamp { length } = wire::read(&mut self.socket)? else { return Err(unexpected().into()) };
        let mut file = Vec::new();
        self.fetch(&mut file, length)?;
        Ok(file)
    }

    fn ask_for_memory(&mut self, bytes: u64) -> Result<(), Stopped> {
        wire::write(&mut self.socket, &Told::Needs { bytes })?;
        match wire::read(&mut self.socket)? {
            Asked::Go => Ok(()),
            Asked::Leave => Err(Stopped::Left),
            _ => Err(unexpected().into()),
        }
    }
}

/// Why a piece of work has no answer.
enum Stopped {
    Fault(Fault),
    /// The service wants none.
    Left,
    Io(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn unexpected() -> io::Error {
    io::Error::other("the service says what is not its turn to say")
}

/// Goes into the sandbox, if that is asked for; the cache's folder is opened before.
fn confine(hello: Hello, thumbnail: Option<Thumbnail>) -> (Decoder, Kept) {
    let Hello { most_pixels, longest_input, most_animation_pixels, memory, confine } = hello;
    let limits =
        Limits { pixels: most_pixels, input_bytes: longest_input, animation_pixels: most_animation_pixels };
    let options = CacheOptions { memory_bytes: 64 << 20, ..CacheOptions::default() };
    let folder = options.folder.clone();
    let mut cache = Cache::new(options);
    let kept = if confine {
        let most = memory.saturating_add(BESIDE);
        // The memory that is shared is no part of its data, but a file of its own.
        let files = Rlimit { current: Some(most), maximum: Some(most) };
        if let Err(error) = setrlimit(Resource::Fsize, files) {
            return (Decoder::new(limits, cache, thumbnail), Kept::Failed(error.to_string()));
        }
        let mut sandbox = Sandbox::new().read_system().memory(most);
        if let Some(folder) = folder {
            sandbox = sandbox.write(folder);
        }
        match sandbox.enter() {
            Ok(Confined::Fully) => Kept::FromAll,
            Ok(Confined::WithoutFiles) => {
                cache = Cache::in_memory();
                Kept::WithoutLandlock
            }
            Err(error) => Kept::Failed(error.to_string()),
        }
    } else {
        Kept::FromNothing
    };
    (Decoder::new(limits, cache, thumbnail), kept)
}
