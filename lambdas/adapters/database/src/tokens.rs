//! Tokens of programs: only their hashes are kept.

use data_encoding::HEXLOWER;
use sqlx::Row as _;
use stampede_domain::id::OwnerId;

use crate::rows::{at, number, parsed, some_number};
use crate::{Database, Fault, Millis};

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// Names it where it is revoked; no secret.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// When it was last used, to the minute.
    pub last_used: Option<Millis>,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

/// The last use is noted at most so often: a program that asks a thousand times a second does not write
/// as often.
const NOTED_EVERY: Millis = 60_000;

impl Database {
    /// Keeps a new token's hash.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn add_token(
        &self,
        owner: OwnerId,
        name: &str,
        hash: [u8; 32],
        now: Millis,
    ) -> Result<String, Fault> {
        let hash = HEXLOWER.encode(&hash);
        // The hash of random bits is random: a part of it names the token and tells nothing of it.
        let id = format!("tok_{}", &hash[..16]);
        let add = "INSERT INTO tokens (hash, id, owner, name, created) VALUES ($1, $2, $3, $4, $5)";
        let add = sqlx::query(add).bind(hash).bind(id.clone()).bind(owner.to_string()).bind(name.to_owned());
        add.bind(at(now)).execute(self.writer()).await?;
        Ok(id)
    }

    /// Whose token has this hash, if it was not revoked. That its use cannot be noted stops nobody.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn owner_of_token(&self, hash: [u8; 32], now: Millis) -> Result<Option<OwnerId>, Fault> {
        let hash = HEXLOWER.encode(&hash);
        let find = "SELECT owner, last_used FROM tokens WHERE hash = $1 AND revoked IS NULL";
        let Some(row) = sqlx::query(find).bind(hash.clone()).fetch_optional(&self.reads).await? else {
            return Ok(None);
        };
        if some_number(&row, "last_used")?.is_none_or(|last| now.saturating_sub(last) >= NOTED_EVERY) {
            let note = sqlx::query("UPDATE tokens SET last_used = $1 WHERE hash = $2");
            if let Err(error) = note.bind(at(now)).bind(hash).execute(self.writer()).await {
                tracing::warn!(%error, "the last use of a token is not noted");
            }
        }
        parsed(&row, "owner").map(Some)
    }

    /// An owner's tokens, the oldest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn tokens(&self, owner: OwnerId) -> Result<Vec<TokenView>, Fault> {
        let find =
            "SELECT id, name, created, last_used, revoked FROM tokens WHERE owner = $1 ORDER BY created";
        let rows = sqlx::query(find).bind(owner.to_string()).fetch_all(&self.reads).await?;
        let view = |row: &sqlx::any::AnyRow| {
            Ok(TokenView {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                created: number(row, "created")?,
                last_used: some_number(row, "last_used")?,
                revoked: some_number(row, "revoked")?,
            })
        };
        rows.iter().map(view).collect()
    }

    /// Revokes a token; gives whether there was one that was not revoked.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn revoke_token(&self, owner: OwnerId, id: &str, now: Millis) -> Result<bool, Fault> {
        let revoke = "UPDATE tokens SET revoked = $1 WHERE owner = $2 AND id = $3 AND revoked IS NULL";
        let revoke = sqlx::query(revoke).bind(at(now)).bind(owner.to_string()).bind(id.to_owned());
        Ok(revoke.execute(self.writer()).await?.rows_affected() > 0)
    }
}
