//! Uploads, tokens and callbacks.

use sqlx::{Connection as _, Executor as _};
use stampede_database::{Database, Facts, NewUpload, Options, UploadCursor, UploadState, kept_at};
use stampede_domain::id::{Picture, PictureId, Stamp, StampId};

use crate::places::{homes, owner};

fn announced(number: u8) -> NewUpload<Picture> {
    NewUpload {
        id: PictureId::from_bytes([number; 16]),
        name: "Été.jpg".to_owned(),
        key: format!("originals/{number}"),
        content_type: "image/jpeg".to_owned(),
        bytes: 1000,
    }
}

#[tokio::test]
async fn uploads_are_announced_looked_at_and_deleted_with_grace() {
    for home in homes().await {
        let database = home.database;
        let all: Vec<_> = (1..=5).map(announced).collect();
        let ids: Vec<_> = all.iter().map(|one| one.id).collect();
        database.announce(owner(1), &all, 10).await.unwrap();
        let (key, content_type) = (kept_at(&all[0].key, "0a"), "image/png".to_owned());
        let facts = Facts { key, content_type, bytes: 900, width: 30, height: 20 };
        assert!(!database.confirm(owner(2), ids[0], &facts).await.unwrap(), "{}", home.name);
        assert!(database.confirm(owner(1), ids[0], &facts).await.unwrap());
        let other = Facts { width: 31, ..facts.clone() };
        assert!(database.confirm(owner(1), ids[0], &other).await.unwrap(), "it is ready, as it was found");
        assert!(database.refuse(owner(1), ids[1], "not a picture").await.unwrap());
        assert!(!database.confirm(owner(1), ids[1], &facts).await.unwrap(), "it was refused");
        let found = database.upload(owner(1), ids[0]).await.unwrap().unwrap();
        assert_eq!(found.state, UploadState::Ready { width: 30, height: 20 });
        assert_eq!(
            (found.content_type.as_str(), found.bytes, found.name.as_str(), found.key.as_str()),
            ("image/png", 900, "Été.jpg", "originals/1.0a")
        );
        let refused = database.upload(owner(1), ids[1]).await.unwrap().unwrap();
        assert_eq!(refused.state, UploadState::Refused { reason: "not a picture".to_owned() });
        assert!(database.upload(owner(2), ids[0]).await.unwrap().is_none());
        let first = database.list_uploads::<Picture>(owner(1), None, 3).await.unwrap();
        let cursor = UploadCursor::behind(&first[2]);
        let second = database.list_uploads(owner(1), Some(&cursor), 3).await.unwrap();
        assert_eq!((first.len(), second.len()), (3, 2));
        assert!(database.list_uploads::<Stamp>(owner(1), None, 3).await.unwrap().is_empty());

        assert_eq!(database.delete_uploads(owner(2), &ids, 500).await.unwrap(), 0);
        assert_eq!(database.delete_uploads(owner(1), &ids[..2], 500).await.unwrap(), 2);
        assert_eq!(database.uploads(owner(1), &ids).await.unwrap().len(), 3);
        assert_eq!(database.restore_uploads(owner(1), &ids[..1], 499).await.unwrap(), 1);
        assert_eq!(database.restore_uploads(owner(1), &ids[1..2], 500).await.unwrap(), 0);
        assert!(database.purge_due(499, 10).await.unwrap().is_empty());
        let due = database.purge_due(500, 10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].key, "originals/2");
        assert_eq!(due[0].results, format!("stamped/{}/{}", owner(1), ids[1]));
        // Until it is told, it is told again.
        assert_eq!(database.purge_due(500, 10).await.unwrap(), due);
        database.purged(&[due[0].id.clone(), ids[0].to_string()]).await.unwrap();
        assert!(database.purge_due(u64::MAX >> 2, 10).await.unwrap().is_empty());
        assert!(database.upload(owner(1), ids[0]).await.unwrap().is_some(), "what is not deleted stays");
    }
}

#[tokio::test]
async fn what_was_taken_from_its_form_is_deleted_from_there_too() {
    for home in homes().await {
        let (database, one) = (home.database, announced(1));
        database.announce(owner(1), std::slice::from_ref(&one), 10).await.unwrap();
        let (key, content_type) = (kept_at(&one.key, "0a"), "image/jpeg".to_owned());
        let facts = Facts { key: key.clone(), content_type, bytes: 900, width: 30, height: 20 };
        assert!(database.confirm(owner(1), one.id, &facts).await.unwrap());
        database.delete_uploads(owner(1), &[one.id], 500).await.unwrap();
        let due = database.purge_due(500, 10).await.unwrap();
        assert_eq!((&due[0].key, &due[0].also), (&key, &vec![one.key]), "{}", home.name);
    }
}

#[tokio::test]
async fn uploads_that_never_came_are_deleted_after_a_day() {
    const DAY: u64 = 24 * 3600 * 1000;
    for home in homes().await {
        let database = home.database;
        // More than one statement marks, to the last.
        let many = (0..1200_u16).map(|number| {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&number.to_be_bytes());
            NewUpload { id: PictureId::from_bytes(id), key: format!("originals/{number}"), ..announced(1) }
        });
        let many: Vec<_> = many.collect();
        database.announce(owner(1), &many, 10).await.unwrap();
        let stamp = NewUpload::<Stamp> {
            id: StampId::from_bytes([255; 16]),
            name: "logo.svg".to_owned(),
            key: "stamps/1".to_owned(),
            content_type: "image/svg+xml".to_owned(),
            bytes: 7,
        };
        database.announce(owner(2), &[stamp], 10).await.unwrap();
        let (key, content_type) = (kept_at(&many[0].key, "0a"), "image/jpeg".to_owned());
        let facts = Facts { key, content_type, bytes: 900, width: 30, height: 20 };
        assert!(database.confirm(owner(1), many[0].id, &facts).await.unwrap());
        assert!(database.refuse(owner(1), many[1].id, "not a picture").await.unwrap());

        database.prune(DAY + 10).await.unwrap();
        assert!(database.purge_due(u64::MAX >> 2, 5000).await.unwrap().is_empty(), "{}", home.name);
        database.prune(DAY + 11).await.unwrap();
        assert!(!database.confirm(owner(1), many[2].id, &facts).await.unwrap(), "it is too late");
        let due = database.purge_due(DAY + 11, 5000).await.unwrap();
        assert_eq!(due.len(), 1199, "{}: pictures and the stamp", home.name);
        database.purged(&due.into_iter().map(|purge| purge.id).collect::<Vec<_>>()).await.unwrap();
        let left = database.list_uploads::<Picture>(owner(1), None, 5000).await.unwrap();
        assert_eq!(left.len(), 2, "what came stays, whatever it is");
        assert!(database.list_uploads::<Stamp>(owner(2), None, 5).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn stamps_are_apart_from_pictures() {
    for home in homes().await {
        let id = StampId::from_bytes([1; 16]);
        let stamp = NewUpload {
            id,
            name: "logo.svg".to_owned(),
            key: "stamps/1".to_owned(),
            content_type: "image/svg+xml".to_owned(),
            bytes: 7,
        };
        home.database.announce(owner(1), &[stamp], 10).await.unwrap();
        assert_eq!(home.database.list_uploads::<Stamp>(owner(1), None, 3).await.unwrap().len(), 1);
        assert!(home.database.list_uploads::<Picture>(owner(1), None, 3).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn tokens_are_known_by_their_hash_until_they_are_revoked() {
    for home in homes().await {
        let database = home.database;
        let id = database.add_token(owner(1), "ci", [5; 32], 1000).await.unwrap();
        assert_eq!(database.owner_of_token([5; 32], 2000).await.unwrap(), Some(owner(1)), "{}", home.name);
        assert_eq!(database.owner_of_token([6; 32], 2000).await.unwrap(), None);
        database.owner_of_token([5; 32], 3000).await.unwrap();
        assert_eq!(database.tokens(owner(1)).await.unwrap()[0].last_used, Some(2000), "to the minute");
        database.owner_of_token([5; 32], 62_000).await.unwrap();
        let tokens = database.tokens(owner(1)).await.unwrap();
        assert_eq!((tokens[0].name.as_str(), tokens[0].last_used), ("ci", Some(62_000)));
        assert!(!database.revoke_token(owner(2), &id, 3000).await.unwrap());
        assert!(database.revoke_token(owner(1), &id, 3000).await.unwrap());
        assert!(!database.revoke_token(owner(1), &id, 3000).await.unwrap());
        assert_eq!(database.owner_of_token([5; 32], 4000).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_callback_is_taken_once() {
    for home in homes().await {
        let database = home.database;
        assert!(database.remember_callback([1; 32], 100).await.unwrap());
        assert!(!database.remember_callback([1; 32], 100).await.unwrap(), "{}", home.name);
        assert!(database.remember_callback([2; 32], 100).await.unwrap());
        database.prune(101).await.unwrap();
        assert!(database.remember_callback([1; 32], 100).await.unwrap());
    }
}

#[tokio::test]
async fn all_that_is_old_is_forgotten_however_much_it_is() {
    for home in homes().await {
        let database = home.database;
        // More than one statement deletes, to the last; and one that stays.
        let signature = |number: u16| {
            let mut signature = [0; 32];
            signature[..2].copy_from_slice(&number.to_be_bytes());
            signature
        };
        for number in 0..=1000 {
            let expires = if number < 1000 { 100 } else { 101 };
            assert!(database.remember_callback(signature(number), expires).await.unwrap());
        }
        database.prune(101).await.unwrap();
        for number in 0..1000 {
            let forgotten = database.remember_callback(signature(number), 100).await.unwrap();
            assert!(forgotten, "{}: {number}", home.name);
        }
        assert!(!database.remember_callback(signature(1000), 101).await.unwrap());
    }
}

#[tokio::test]
async fn a_token_is_taken_though_its_use_cannot_be_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stampede.db");
    let database = Database::open(&format!("sqlite:{}", path.display()), Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    database.add_token(owner(1), "ci", [5; 32], 1000).await.unwrap();
    let mut connection = sqlx::SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let full = "CREATE TRIGGER full BEFORE UPDATE ON tokens BEGIN SELECT RAISE(FAIL, 'full'); END";
    connection.execute(full).await.unwrap();
    assert_eq!(database.owner_of_token([5; 32], 2000).await.unwrap(), Some(owner(1)));
    assert_eq!(database.tokens(owner(1)).await.unwrap()[0].last_used, None);
    connection.execute("DROP TRIGGER full").await.unwrap();
    database.owner_of_token([5; 32], 3000).await.unwrap();
    assert_eq!(database.tokens(owner(1)).await.unwrap()[0].last_used, Some(3000));
}
