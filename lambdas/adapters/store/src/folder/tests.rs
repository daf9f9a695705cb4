//! What a folder does with the disk.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn folder() -> (TempDir, Folder) {
    let home = tempfile::tempdir().unwrap();
    let folder = open(home.path());
    (home, folder)
}

fn open(home: &Path) -> Folder {
    Folder::open(&home.join("store"), "http://127.0.0.1", Secret::new([7; 32]).unwrap()).unwrap()
}

async fn put(folder: &Folder, key: &str, body: &'static str) -> Result<(), Fault> {
    folder.put(key, Bytes::from_static(body.as_bytes()), &About::default()).await
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn what_processes_left_behind_is_swept_after_a_day() {
    let (home, folder) = folder();
    let unfinished = home.path().join("store/unfinished");
    for (name, hours) in [("old", 25), ("young", 23)] {
        let file = fs::File::create(unfinished.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
    }
    drop(folder);
    open(home.path());
    assert_eq!(entries(&unfinished), ["young"]);
}

#[tokio::test]
async fn nothing_of_an_unfinished_object_is_kept() {
    let (home, folder) = folder();
    let mut writing = folder.write("a/b", &About::default()).await.unwrap();
    writing.write(Bytes::from(vec![1; 1 << 20])).await.unwrap();
    assert_eq!(entries(&home.path().join("store/unfinished")).len(), 1);
    drop(writing);
    assert!(entries(&home.path().join("store/unfinished")).is_empty());
    assert!(entries(&home.path().join("store/objects")).is_empty());
}

#[tokio::test]
async fn a_copy_leaves_nothing_unfinished() {
    let (home, folder) = folder();
    put(&folder, "a/b", "1").await.unwrap();
    for _ in 0..2 {
        folder.copy("a/b", "c/d").await.unwrap();
    }
    assert!(matches!(folder.copy("a/none", "c/e").await, Err(Fault::Missing(_))));
    assert!(entries(&home.path().join("store/unfinished")).is_empty());
    assert_eq!(entries(&home.path().join("store/objects/c")), ["d%"]);
}

#[tokio::test]
async fn folders_are_removed_with_their_last_object() {
    let (home, folder) = folder();
    put(&folder, "a/b/c", "1").await.unwrap();
    put(&folder, "a/d", "2").await.unwrap();
    folder.delete(&["a/b/c".to_owned()]).await.unwrap();
    assert_eq!(entries(&home.path().join("store/objects/a")), ["d%"]);
    folder.delete(&["a/d".to_owned(), "a/never/was".to_owned()]).await.unwrap();
    assert!(entries(&home.path().join("store/objects")).is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn no_symlink_is_followed_out() {
    use std::os::unix::fs::symlink;
    let (home, folder) = folder();
    let (outside, objects) = (home.path().join("outside"), home.path().join("store/objects"));
    fs::create_dir(&outside).unwrap();
    put(&folder, "true", "1").await.unwrap();
    fs::copy(objects.join("true%"), outside.join("secret%")).unwrap();
    symlink(&outside, objects.join("a")).unwrap();
    symlink("../../outside/secret%", objects.join("b%")).unwrap();
    for key in ["a/secret", "b"] {
        let read = folder.read(key).await.unwrap_err();
        assert!(matches!(&read, Fault::Io(_)) && !read.is_passing(), "{key}: {read:?}");
    }
    assert!(put(&folder, "a/new", "2").await.is_err());
    assert!(folder.delete(&["a/secret".to_owned()]).await.is_err());
    assert_eq!(entries(&outside), ["secret%"]);
    let listed = folder.list("", None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|one| &*one.key).collect::<Vec<_>>(), ["true"]);
    // Nor is what a link leads to written over: the link itself is.
    put(&folder, "b", "3").await.unwrap();
    assert_eq!(folder.head("b").await.unwrap().unwrap().bytes, 1);
    assert_eq!(fs::read(outside.join("secret%")).unwrap(), fs::read(objects.join("true%")).unwrap());
}

#[tokio::test]
async fn foreign_and_damaged_files_are_told_apart_from_missing_ones() {
    let (home, folder) = folder();
    let objects = home.path().join("store/objects");
    fs::write(objects.join("foreign%"), "a picture that somebody put here").unwrap();
    fs::write(objects.join("empty%"), "").unwrap();
    put(&folder, "cut", "1").await.unwrap();
    let whole = fs::read(objects.join("cut%")).unwrap();
    fs::write(objects.join("cut%"), &whole[..20]).unwrap();
    put(&folder, "good", "1").await.unwrap();
    for key in ["foreign", "empty", "cut"] {
        assert!(matches!(folder.head(key).await, Err(Fault::Foreign(_))), "{key}");
    }
    let listed = folder.list("", None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|one| &*one.key).collect::<Vec<_>>(), ["good"]);
}

#[tokio::test]
async fn a_reader_keeps_the_object_it_opened() {
    let (_home, folder) = folder();
    put(&folder, "a", "old").await.unwrap();
    let mut reading = folder.read("a").await.unwrap();
    put(&folder, "a", "newer").await.unwrap();
    folder.delete(&["a".to_owned()]).await.unwrap();
    assert_eq!(reading.object().bytes, 3);
    assert_eq!(reading.next().await.unwrap().unwrap(), "old");
    assert_eq!(reading.next().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_and_deletions_side_by_side_do_not_meet() {
    let (_home, folder) = folder();
    let tasks = (0..8).map(|task| {
        let folder = folder.clone();
        tokio::spawn(async move {
            let key = format!("a/b/{task}");
            for _ in 0..50 {
                put(&folder, &key, "1").await.unwrap();
                assert!(folder.head(&key).await.unwrap().is_some());
                folder.delete(std::slice::from_ref(&key)).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert!(folder.list("", None, 10).await.unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Lists are those of a sorted map, in whatever folders the keys lie.
    #[test]
    fn lists_are_sorted_and_whole(
        keys in prop::collection::btree_set("[a%-]{1,2}(/[a0-]{1,2}){0,3}", 0..12),
        deleted in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        prefix in "[a%-]{0,2}(/[a0-]{0,1}){0,2}",
        after in prop::option::of("[a%-]{0,2}(/[a0-]{0,2}){0,2}"),
        most in 0_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (_home, folder) = folder();
        runtime.block_on(async {
            let mut model = BTreeMap::new();
            for key in &keys {
                let body = Bytes::from(key.clone());
                model.insert(key.clone(), body.len() as u64);
                folder.put(key, body, &About::default()).await.unwrap();
            }
            for at in deleted.iter().filter(|_| !keys.is_empty()) {
                let key = keys.iter().nth(at.index(keys.len())).unwrap().clone();
                model.remove(&key);
                folder.delete(&[key]).await.unwrap();
            }
            let wanted = model.into_iter().filter(|(key, _)| {
                key.starts_with(&prefix) && after.as_ref().is_none_or(|after| key > after)
            });
            let wanted: Vec<_> = wanted.take(most).map(|(key, bytes)| Listed { key, bytes }).collect();
            let listed = folder.list(&prefix, after.as_deref(), most).await.unwrap();
            prop_assert_eq!(listed, wanted);
            Ok(())
        })?;
    }
}
