//! API tokens, made and revoked by whoever runs the service: by a command where it is one process, by the sweeper on
//! AWS. No route does either.

use stampede_database::{Database, Millis};
use stampede_domain::id::OwnerId;
use stampede_domain::token::ApiToken;

/// A token that was made just now. Only its hash is kept: who does not show it now never can.
#[derive(Debug)]
pub struct NewToken {
    /// What a program sends.
    pub token: ApiToken,
    /// Names it where it is revoked; no secret.
    pub id: String,
    /// Whose it is.
    pub owner: OwnerId,
}

/// Makes a token for an owner, who is named as `GET /me` says it, or for somebody new.
///
/// # Errors
/// A sentence: there can be no such owner, or the database does not keep it.
pub async fn add_token(database: &Database, name: &str, owner: Option<&str>) -> Result<NewToken, String> {
    let owner = match owner {
        Some(owner) => named(owner)?,
        None => OwnerId::random().map_err(|error| error.to_string())?,
    };
    let token = ApiToken::random().map_err(|error| error.to_string())?;
    let id = database.add_token(owner, name, token.hash(), now()).await;
    let id = id.map_err(|fault| fault.to_string())?;
    Ok(NewToken { token, id, owner })
}

/// Revokes an owner's token.
///
/// # Errors
/// A sentence: there is no such token that was not revoked, or the database does not answer.
pub async fn revoke_token(database: &Database, owner: &str, id: &str) -> Result<(), String> {
    let owner = named(owner)?;
    match database.revoke_token(owner, id, now()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{owner} has no token {id} that is not revoked")),
        Err(fault) => Err(fault.to_string()),
    }
}

fn named(owner: &str) -> Result<OwnerId, String> {
    owner.parse::<OwnerId>().map_err(|error| format!("owner: {error}"))
}

fn now() -> Millis {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as Millis)
}
