use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::sync::{Arc, Barrier};

use super::super::tests::{request, stamp};
use super::super::{Cache, CacheOptions, key};
use super::*;
use crate::Request;

fn cache(folder: &Path) -> Cache {
    Cache::new(CacheOptions { folder: Some(folder.to_owned()), ..CacheOptions::default() })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn another_process_finds_what_one_prepared() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/b");
    for depth in [Depth::Eight, Depth::Sixteen] {
        for ink in [Ink::Gray, Ink::Rgb, Ink::Cmyk] {
            let request = Request { depth, ink, ..request(5, 3) };
            let made = cache(&folder).get(&stamp(), &request).unwrap();
            let disk = Disk::open(&folder, 1 << 20).unwrap();
            let found = disk.load(&key(&stamp(), &request)).unwrap();
            assert_eq!((found.width(), found.height(), found.ink(), found.depth()), (5, 3, ink, depth));
            for y in 0..3 {
                assert_eq!(found.row_u8(y), made.row_u8(y));
                assert_eq!(found.row_u16(y), made.row_u16(y));
                assert_eq!(found.row_u8(y).len() + found.row_u16(y).len(), 5 * ink.channels());
            }
        }
    }
    assert_eq!(files(&folder).len(), 6);
    assert_eq!(mode(&folder), 0o700);
    assert!(files(&folder).iter().all(|file| mode(file) == 0o600));
}

#[test]
fn every_damaged_byte_is_noticed_and_mended() {
    let home = tempfile::tempdir().unwrap();
    let made = cache(home.path()).get(&stamp(), &request(5, 3)).unwrap();
    let file = files(home.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let disk = Disk::open(home.path(), 1 << 20).unwrap();
    let key = key(&stamp(), &request(5, 3));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(&file, bytes).unwrap();
        assert!(disk.load(&key).is_none(), "byte {at}");
    }
    let longer = [&whole[..], b"x"].concat();
    for bytes in [&b""[..], &whole[..1], &whole[..63], &whole[..64], &whole[..whole.len() - 1], &longer] {
        fs::write(&file, bytes).unwrap();
        assert!(disk.load(&key).is_none(), "{} bytes", bytes.len());
        let again = cache(home.path()).get(&stamp(), &request(5, 3)).unwrap();
        assert_eq!(again.row_u8(1), made.row_u8(1));
        assert_eq!(fs::read(&file).unwrap(), whole, "it was mended");
    }
}

#[test]
fn a_file_under_another_name_is_not_taken() {
    let home = tempfile::tempdir().unwrap();
    cache(home.path()).get(&stamp(), &request(5, 3)).unwrap();
    let file = files(home.path()).remove(0);
    let other = key(&stamp(), &request(3, 5));
    fs::rename(file, home.path().join(name(&other))).unwrap();
    assert!(Disk::open(home.path(), 1 << 20).unwrap().load(&other).is_none());
}

#[test]
fn a_link_in_place_of_the_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (target, link) = (home.path().join("target"), home.path().join("link"));
    fs::create_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    assert!(Disk::open(&link, 1 << 20).is_err());
    assert_eq!(cache(&link).get(&stamp(), &request(5, 3)).unwrap().width(), 5);
    assert!(files(&target).is_empty());
}

#[test]
fn a_link_in_place_of_a_file_is_neither_read_nor_written_through() {
    let home = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (home.path().join("cache"), home.path().join("elsewhere"));
    cache(&folder).get(&stamp(), &request(5, 3)).unwrap();
    let file = files(&folder).remove(0);
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let key = key(&stamp(), &request(5, 3));
    assert!(Disk::open(&folder, 1 << 20).unwrap().load(&key).is_none(), "a link is not followed");
    fs::write(&elsewhere, b"precious").unwrap();
    cache(&folder).get(&stamp(), &request(5, 3)).unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&file).unwrap().is_file(), "the link was replaced");
}

#[test]
fn what_others_may_write_is_not_trusted() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache");
    cache(&folder).get(&stamp(), &request(5, 3)).unwrap();
    let file = files(&folder).remove(0);
    let key = key(&stamp(), &request(5, 3));
    let disk = Disk::open(&folder, 1 << 20).unwrap();
    assert!(disk.load(&key).is_some());
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    assert!(disk.load(&key).is_none());
    for wrong in [0o777, 0o720, 0o702, 0o1777] {
        fs::set_permissions(&folder, Permissions::from_mode(wrong)).unwrap();
        assert!(Disk::open(&folder, 1 << 20).is_err(), "{wrong:o}");
    }
    assert!(ours_alone(geteuid().as_raw() + 1, 0o700).is_err());
}

#[test]
fn pipes_and_folders_in_place_of_a_file_do_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let disk = Disk::open(home.path(), 1 << 20).unwrap();
    let key = key(&stamp(), &request(5, 3));
    fs::create_dir(home.path().join(name(&key))).unwrap();
    assert!(disk.load(&key).is_none());
    assert_eq!(cache(home.path()).get(&stamp(), &request(5, 3)).unwrap().width(), 5);
    fs::remove_dir(home.path().join(name(&key))).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mkfifoat(&disk.folder, name(&key), mode).unwrap();
    assert!(disk.load(&key).is_none());
}

#[test]
fn the_folder_stays_within_its_limit_and_keeps_the_latest() {
    let home = tempfile::tempdir().unwrap();
    let disk = Disk::open(home.path(), 3 * (HEADER as u64 + 400)).unwrap();
    let prepared = Prepared::new(&stamp(), &request(10, 10)).unwrap();
    let old = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(number);
    for number in 0..10_u8 {
        disk.store(&[number; 32], &prepared);
        let file = File::options().write(true).open(home.path().join(name(&[number; 32]))).unwrap();
        file.set_modified(old(u64::from(number))).unwrap();
        if number == 4 {
            assert!(disk.load(&[2; 32]).is_some(), "a use makes it young again");
        }
    }
    let kept = files(home.path());
    assert_eq!(kept.len(), 3);
    for number in [2, 8, 9] {
        assert!(disk.load(&[number; 32]).is_some(), "{number}");
    }
    disk.store(&[77; 32], &Prepared::new(&stamp(), &request(40, 10)).unwrap());
    assert!(disk.load(&[77; 32]).is_none(), "what is larger than the limit is not stored");
    assert_eq!(files(home.path()).len(), 3);
}

#[test]
fn files_left_half_written_are_cleared_away_and_foreign_ones_are_not() {
    let home = tempfile::tempdir().unwrap();
    let disk = Disk::open(home.path(), 1 << 20).unwrap();
    for name in [".0.tmp", ".1.tmp", "notes.txt"] {
        fs::write(home.path().join(name), b"x").unwrap();
    }
    for name in [".0.tmp", "notes.txt"] {
        let file = File::options().write(true).open(home.path().join(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    disk.store(&[1; 32], &Prepared::new(&stamp(), &request(2, 2)).unwrap());
    let left = files(home.path());
    assert!(!left.contains(&home.path().join(".0.tmp")));
    assert!(left.contains(&home.path().join(".1.tmp")) && left.contains(&home.path().join("notes.txt")));
}

#[test]
fn several_caches_use_one_folder_at_once() {
    let home = tempfile::tempdir().unwrap();
    let wanted = Prepared::new(&stamp(), &request(50, 50)).unwrap();
    let barrier = Barrier::new(6);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let options = CacheOptions {
                    folder: Some(home.path().to_owned()),
                    disk_bytes: 3 * (HEADER as u64 + 10_000),
                    ..CacheOptions::default()
                };
                barrier.wait();
                for round in 0..20 {
                    let cache = Cache::new(options.clone());
                    let request = Request { opacity: 1.0 - f64::from(round % 5) / 1e9, ..request(50, 50) };
                    let prepared: Arc<Prepared> = cache.get(&stamp(), &request).unwrap();
                    assert_eq!(prepared.bytes(), wanted.bytes());
                }
            });
        }
    });
    assert!(files(home.path()).len() <= 3);
}

/// The limit of the folder that many processes share: a few stamps less than they make.
const SHARED_LIMIT: u64 = 3 * (HEADER as u64 + 10_000);
const SHARED_FOLDER: &str = "STAMPEDE_TEST_SHARED_FOLDER";

/// Not a test of its own: what one of the processes below does.
#[test]
#[ignore = "run by processes_that_evict_at_once_do_each_other_no_harm"]
fn one_of_many_processes() {
    let Some(folder) = std::env::var_os(SHARED_FOLDER).map(PathBuf::from) else { return };
    let wanted = Prepared::new(&stamp(), &request(50, 50)).unwrap();
    for round in 0..200 {
        let options = CacheOptions {
            folder: Some(folder.clone()),
            disk_bytes: SHARED_LIMIT,
            ..CacheOptions::default()
        };
        // Eight keys whose samples are the same, so that each is evicted and made again and again.
        let request = Request { opacity: 1.0 - f64::from(round % 8) / 1e9, ..request(50, 50) };
        let prepared = Cache::new(options).get(&stamp(), &request).unwrap();
        assert_eq!(prepared.bytes(), wanted.bytes());
    }
}

#[test]
#[cfg(not(miri))]
fn processes_that_evict_at_once_do_each_other_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let name = "stamp::cache::disk::tests::one_of_many_processes";
    let start = |_| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", name])
            .env(SHARED_FOLDER, home.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let processes: Vec<_> = (0..6).map(start).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    let sizes = files(home.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
    assert!(sizes > 0 && sizes <= SHARED_LIMIT, "{sizes} bytes");
    assert!(
        files(home.path()).iter().all(|file| file.extension().unwrap() == "stamp"),
        "nothing half written"
    );
}
