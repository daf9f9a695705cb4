//! What is said between the service and a decoder: frames of JSON behind their lengths, on a socket. Pictures lie
//! in a memory that both have, at its beginning.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::work::{Facts, Hash, Work};

/// No frame is longer, in bytes.
const LONGEST: u32 = 1 << 20;

/// What the service says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// The first.
    Hello(Hello),
    /// A picture of so many bytes lies in memory, to be stamped with the stamp of this hash.
    Work { work: Box<Work>, length: u64, stamp: Option<Hash> },
    /// The stamp of so many bytes lies in memory.
    Stamp { length: u64 },
    /// There is memory for the picture.
    Go,
    /// There is none, and it is another's turn.
    Leave,
}

/// What holds for every picture.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) most_pixels: u64,
    pub(crate) longest_input: u64,
    pub(crate) most_animation_pixels: u64,
    /// Bytes of memory for one picture.
    pub(crate) memory: u64,
    /// Whether to be confined.
    pub(crate) confine: bool,
}

/// What a decoder says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// To the first, with what it is kept from.
    Ready(Kept),
    /// The stamp is not known (any more).
    WantsStamp,
    /// So many bytes of memory are needed.
    Needs { bytes: u64 },
    /// What was made lies in memory, if something was.
    Done { length: u64, facts: Facts, milliseconds: u64 },
    /// It was not done.
    Failed { reason: String, passing: bool },
}

/// What a decoder is kept from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// From all files but the cache, and from system calls.
    FromAll,
    /// From system calls, those that open files among them: the kernel has no Landlock.
    WithoutLandlock,
    /// It was not to be confined.
    FromNothing,
    /// It could not be confined.
    Failed(String),
}

/// A message as it is sent; `None` when it is too long.
pub(crate) fn frame(message: &impl Serialize) -> Option<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).ok()?;
    let length = u32::try_from(frame.len() - 4).ok().filter(|&length| length <= LONGEST)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    Some(frame)
}

pub(crate) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let frame = frame(message).ok_or_else(|| io::Error::other("a message that is too long"))?;
    to.write_all(&frame)
}

pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("a message that is too long"));
    }
    let mut frame = vec![0; length as usize];
    from.read_exact(&mut frame)?;
    Ok(serde_json::from_slice(&frame)?)
}

/// A socket that is read until a certain moment, however little comes at a time.
pub(crate) struct Until<'a> {
    pub(crate) socket: &'a UnixStream,
    pub(crate) deadline: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        self.socket.read(into)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut wire = Vec::new();
        write(&mut wire, &Told::Needs { bytes: 7 }).unwrap();
        write(&mut wire, &Told::Ready(Kept::FromAll)).unwrap();
        let mut rest = &wire[..];
        assert!(matches!(read(&mut rest).unwrap(), Told::Needs { bytes: 7 }));
        assert!(matches!(read(&mut rest).unwrap(), Told::Ready(Kept::FromAll)));
        assert!(rest.is_empty() && read::<Told>(&mut rest).is_err());
    }

    #[test]
    fn no_frame_is_believed_to_be_endless() {
        assert!(read::<Told>(&mut &[0xff; 8][..]).is_err());
        assert!(write(&mut Vec::new(), &"x".repeat(2 << 20)).is_err());
    }

    #[test]
    fn who_says_one_byte_after_the_other_is_not_waited_for() {
        let (socket, mut theirs) = UnixStream::pair().unwrap();
        let trickles = std::thread::spawn(move || {
            theirs.write_all(&65_536_u32.to_le_bytes()).unwrap();
            while theirs.write_all(b"1").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let deadline = Instant::now() + Duration::from_millis(200);
        // Which would take eleven minutes.
        let refused = read::<Told>(&mut Until { socket: &socket, deadline });
        assert!(matches!(refused.unwrap_err().kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock));
        drop(socket);
        trickles.join().unwrap();
    }
}
