//! System calls: what seccomp leaves (Linux, "Seccomp BPF"). All that is not named fails with EPERM.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use crate::{Error, Result};

/// Memory, threads, clocks, and what is open already.
const ALWAYS: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_fstat,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_write,
    libc::SYS_writev,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

/// Files by their names, which Landlock has bounded.
const FILES: &[i64] = &[
    libc::SYS_copy_file_range,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_flock,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_linkat,
    libc::SYS_mkdirat,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_sendfile,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_umask,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Leaves what decoding needs, and files where `files` says so.
pub(super) fn confine(files: bool) -> Result<()> {
    let done = rules(files).and_then(|rules| {
        // The C library asks for threads with a call whose flags lie where no filter sees them; told that there is no
        // such call, it asks in the old way.
        let no_clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
        install(no_clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
        install(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
    });
    done.map_err(|error| Error::Sandbox(format!("its system calls are not taken away: {error}")))
}

fn install(rules: Rules, other: SeccompAction, these: SeccompAction) -> Result<(), seccompiler::Error> {
    let filter = SeccompFilter::new(rules, other, these, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

fn rules(files: bool) -> Result<Rules, seccompiler::Error> {
    let files = if files { FILES } else { &[] };
    let mut rules: Rules = ALWAYS.iter().chain(files).map(|&call| (call, Vec::new())).collect();
    let own = u64::from(std::process::id());
    let executable = libc::PROT_EXEC as u64;
    let threads = libc::CLONE_THREAD as u64;
    for (call, argument, is, value) in [
        // For another filter to refuse.
        (libc::SYS_clone3, 0, Is::Ge, 0),
        // Threads, no processes.
        (libc::SYS_clone, 0, Is::MaskedEq(threads), threads),
        // Nothing becomes code.
        (libc::SYS_mmap, 2, Is::MaskedEq(executable), 0),
        (libc::SYS_mprotect, 2, Is::MaskedEq(executable), 0),
        // An abort ends this process and no other.
        (libc::SYS_tgkill, 0, Is::Eq, own),
        (libc::SYS_prlimit64, 0, Is::Eq, 0),
        // Whether something is a terminal, and how wide.
        (libc::SYS_ioctl, 1, Is::Eq, TCGETS),
        (libc::SYS_ioctl, 1, Is::Eq, TCGETS2),
        (libc::SYS_ioctl, 1, Is::Eq, TIOCGWINSZ),
    ] {
        let condition = SeccompCondition::new(argument, Length::Qword, is, value)?;
        rules.entry(call).or_default().push(SeccompRule::new(vec![condition])?);
    }
    Ok(rules)
}

// As x86-64 and AArch64 number them (Linux, asm-generic/ioctls.h).
const TCGETS: u64 = 0x5401;
const TIOCGWINSZ: u64 = 0x5413;
/// `_IOR('T', 0x2A, struct termios2)`, which newer C libraries ask with.
const TCGETS2: u64 = 0x802c_542a;
