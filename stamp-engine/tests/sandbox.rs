//! What a confined process can no longer do. Each test confines a process of its own: this program, begun once more.

#![cfg(all(target_os = "linux", feature = "sandbox"))]

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, thread};

use stamp_engine::{Confined, Sandbox};

/// Where the confined process finds its folder.
const FOLDER: &str = "STAMP_TEST_FOLDER";

/// Runs one of the tests below that are ignored, in a folder of its own.
fn confined(test: &str, folder: &Path) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env(FOLDER, folder);
    command.output().unwrap()
}

fn folder() -> PathBuf {
    env::var_os(FOLDER).map(PathBuf::from).expect("begun by another test")
}

#[test]
fn files_that_are_not_named_sockets_and_programs_are_out_of_reach() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["in", "out", "other"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("in/picture"), "a picture").unwrap();
    fs::write(folder.path().join("other/secret"), "a secret").unwrap();
    std::os::unix::fs::symlink("../other/secret", folder.path().join("in/link")).unwrap();
    let output = confined("takes_away", folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(folder.path().join("out/stamped")).unwrap(), b"a picture");
    assert_eq!(fs::read(folder.path().join("other/secret")).unwrap(), b"a secret");
}

#[test]
#[ignore = "in a process of its own"]
fn takes_away() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let parent = std::os::unix::process::parent_id();
    let sandbox = Sandbox::new().read(folder.join("in")).write(folder.join("out"));
    assert_eq!(sandbox.read_system().enter().unwrap(), Confined::Fully);

    // What is left.
    let picture = fs::read(folder.join("in/picture")).unwrap();
    let written = thread::spawn({
        let folder = folder.clone();
        move || {
            fs::create_dir(folder.join("out/deeper")).unwrap();
            fs::write(folder.join("out/deeper/new"), picture).unwrap();
            fs::rename(folder.join("out/deeper/new"), folder.join("out/stamped"))
        }
    });
    written.join().unwrap().unwrap();
    assert!(thread::available_parallelism().is_ok() && stamp_engine::available_memory().is_some());

    // What is not.
    let within = |name: &str| folder.join(name);
    assert!(fs::read(within("other/secret")).is_err(), "another folder's");
    assert!(fs::read(within("in/link")).is_err(), "by a link");
    assert!(fs::read_dir(within("other")).is_err(), "a list");
    assert!(fs::read("/etc/passwd").is_err(), "the system's");
    assert!(fs::read(format!("/proc/{parent}/environ")).is_err(), "another process's environment");
    assert!(fs::write(within("in/picture"), "x").is_err(), "what is only read");
    assert!(fs::remove_file(within("in/picture")).is_err());
    assert!(fs::rename(within("other/secret"), within("out/secret")).is_err());
    assert!(fs::hard_link(within("other/secret"), within("out/secret")).is_err());
    assert!(std::os::unix::fs::symlink("/etc", within("out/etc")).is_err());
    assert!(TcpStream::connect(address).is_err(), "a connection");
    assert!(TcpListener::bind("127.0.0.1:0").is_err(), "a port");
    assert!(UdpSocket::bind("127.0.0.1:0").is_err());
    assert!(UnixListener::bind(within("out/socket")).is_err());
    assert!(Command::new("/bin/true").spawn().is_err(), "a program");
    assert!(
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(parent as i32).unwrap(),
            rustix::process::Signal::TERM
        )
        .is_err(),
        "a signal"
    );
}

#[test]
fn a_process_that_wants_more_memory_than_it_may_have_ends() {
    let folder = tempfile::tempdir().unwrap();
    let output = confined("takes_memory", folder.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{said}");
    assert!(said.contains("had 64 MiB") && said.contains("memory allocation of"), "{said}");
}

#[test]
#[ignore = "in a process of its own"]
fn takes_memory() {
    let used = 64 << 20;
    Sandbox::new().memory(256 << 20).enter().unwrap();
    assert!(vec![1u8; used].iter().all(|&byte| byte == 1));
    eprintln!("had 64 MiB");
    let more = vec![1u8; 512 << 20];
    eprintln!("had {} bytes", more.len());
}
