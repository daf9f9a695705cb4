//! API tokens, made and revoked at the machine where the database is.

use stampede_middleware::{NewToken, add_token, revoke_token};

use crate::config::Config;
use crate::parts::database;

/// Makes a token and shows it.
pub(crate) async fn add(config: &Config, name: &str, owner: Option<&str>) -> Result<(), String> {
    let NewToken { token, id, owner } = add_token(&database(config).await?, name, owner).await?;
    println!("{}", token.reveal());
    eprintln!("This is shown once. It is {id} of {owner}.");
    Ok(())
}

/// Revokes a token.
pub(crate) async fn revoke(config: &Config, owner: &str, id: &str) -> Result<(), String> {
    revoke_token(&database(config).await?, owner, id).await
}
