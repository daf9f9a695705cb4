//! Taking from this process what it does not need, before it decodes what may be made to harm.
//!
//! Landlock takes away files (and, where the kernel can, ports, signals and abstract sockets), seccomp every system
//! call that decoding, reading and writing do not use: no socket, no other program, no other process. Both hold for
//! this thread, those that it begins from now on, and for good.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;

use std::path::PathBuf;

use crate::{Error, Result};

/// What a confined process may still do beside computing.
///
/// ```no_run
/// use stamp_engine::Sandbox;
///
/// Sandbox::new().read("photos").write("stamped").enter()?;
/// assert!(std::fs::read("/etc/passwd").is_err());
/// # Ok::<(), stamp_engine::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    memory: Option<u64>,
}

/// What the process came to be kept from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confined {
    /// Files, by Landlock, and system calls, by seccomp.
    Fully,
    /// System calls alone, those that open files among them: the kernel has no Landlock. Neither read nor written are
    /// files then that were allowed.
    WithoutFiles,
}

impl Sandbox {
    /// No file at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// May read this file, or what lies in this folder. What is not there is passed over.
    #[must_use]
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.read.push(path.into());
        self
    }

    /// May read, make, write and remove files in this folder, and make folders.
    #[must_use]
    pub fn write(mut self, folder: impl Into<PathBuf>) -> Self {
        self.write.push(folder.into());
        self
    }

    /// May read the system's fonts, and what it says of time zones and of the memory and cores that there are.
    #[must_use]
    pub fn read_system(mut self) -> Self {
        self.read.extend(SYSTEM.map(PathBuf::from));
        let home = std::env::var_os("HOME").map(PathBuf::from);
        self.read.extend(home.into_iter().flat_map(|home| FONTS_AT_HOME.map(|folder| home.join(folder))));
        self
    }

    /// May have so many bytes of data; what is beyond ends the process. No core is dumped then.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// Confines this thread and all that it begins from now on. To be called before any other thread is there.
    ///
    /// # Errors
    /// [`Error::Sandbox`] when the kernel cannot; nothing is then to be relied on.
    #[cfg(target_os = "linux")]
    pub fn enter(self) -> Result<Confined> {
        use rustix::process::{Resource, Rlimit, setrlimit};

        if let Some(bytes) = self.memory {
            let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
            let limited = setrlimit(Resource::Data, limit(bytes)).and(setrlimit(Resource::Core, limit(0)));
            limited.map_err(|error| Error::Sandbox(format!("its memory is not limited: {error}")))?;
        }
        let confined = files::confine(&self.read, &self.write)?;
        calls::confine(confined == Confined::Fully)?;
        Ok(confined)
    }

    /// Confines this thread and all that it begins from now on.
    ///
    /// # Errors
    /// [`Error::Sandbox`]: only Linux can.
    #[cfg(not(target_os = "linux"))]
    pub fn enter(self) -> Result<Confined> {
        Err(Error::Sandbox("only Linux has Landlock and seccomp".to_owned()))
    }
}

const SYSTEM: [&str; 10] = [
    "/etc/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/proc/meminfo",
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];
const FONTS_AT_HOME: [&str; 2] = [".fonts", ".local/share/fonts"];
