//! What the system tells of processes.

/// `/proc/PID/status` of the processes that a process has started.
///
/// # Panics
/// Where there is no `/proc`.
pub fn children(parent: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("/proc can be read").filter_map(Result::ok);
    // One that ends meanwhile is none.
    let status = processes.filter_map(|process| std::fs::read_to_string(process.path().join("status")).ok());
    status.filter(|status| status.lines().any(|line| line == format!("PPid:\t{parent}"))).collect()
}
