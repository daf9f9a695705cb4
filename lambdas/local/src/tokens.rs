//! API tokens, made and revoked at the machine where the database is.

use stampede_domain::id::OwnerId;
use stampede_domain::token::ApiToken;

use crate::config::Config;
use crate::parts::database;

/// Makes a token and shows it.
pub(crate) async fn add(config: &Config, name: &str, owner: Option<&str>) -> Result<(), String> {
    let owner = match owner {
        Some(owner) => owner.parse().map_err(|error| format!("owner: {error}"))?,
        None => OwnerId::random().map_err(|error| error.to_string())?,
    };
    let token = ApiToken::random().map_err(|error| error.to_string())?;
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as u64);
    let id = database(config).await?.add_token(owner, name, token.hash(), now).await;
    let id = id.map_err(|fault| fault.to_string())?;
    println!("{}", token.reveal());
    eprintln!("This is shown once. It is {id} of {owner}.");
    Ok(())
}

/// Revokes a token.
pub(crate) async fn revoke(config: &Config, owner: &str, id: &str) -> Result<(), String> {
    let owner: OwnerId = owner.parse().map_err(|error| format!("owner: {error}"))?;
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as u64);
    match database(config).await?.revoke_token(owner, id, now).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{owner} has no token {id} that is not revoked")),
        Err(fault) => Err(fault.to_string()),
    }
}
