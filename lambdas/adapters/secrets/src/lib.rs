//! What a Lambda's environment says, and what Secrets Manager keeps of it.
//!
//! A Lambda's variables are seen by everyone who may look at its configuration, so that secrets are none of them:
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRETS` | secrets by name or ARN, with commas between; each is a JSON object of further variables |
//! | `STAMPEDE_DATABASE_LOGIN` | the secret with the database's `username` and `password`, as RDS makes it; `STAMPEDE_DATABASE` then holds neither |
//!
//! Without both, nothing is asked for: an environment alone is enough.

#![forbid(unsafe_code)]

mod fault;
mod login;

use std::collections::BTreeMap;
use std::env;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use aws_smithy_http_client::tls;

pub use self::fault::Fault;

/// Which secrets hold variables.
const SECRETS: &str = "STAMPEDE_SECRETS";
/// Which secret holds the database's login.
const LOGIN: &str = "STAMPEDE_DATABASE_LOGIN";

/// The variables, wherever they stand.
pub struct Environment {
    variables: BTreeMap<String, String>,
    client: Option<Client>,
}

impl Environment {
    /// This process's, with the secrets that it names; region, credentials and endpoint are the process's, too.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] and [`Fault::Content`], by the secret's name.
    pub async fn load() -> Result<Self, Fault> {
        let texts = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let variables: BTreeMap<_, _> = texts.collect();
        if !names_secrets(&variables) {
            return Ok(Self { variables, client: None });
        }
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).load().await;
        Self::of(variables, &config).await
    }

    /// Of these variables, with the secrets that they name, which are asked for as `config` says.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub async fn of(variables: BTreeMap<String, String>, config: &SdkConfig) -> Result<Self, Fault> {
        let names = variables.get(SECRETS).cloned().unwrap_or_default();
        let mut environment = Self { variables, client: Some(Client::new(config)) };
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let content = environment.secret(name).await?;
            let within: BTreeMap<String, String> =
                serde_json::from_str(&content).map_err(|_| Fault::Content(name.to_owned()))?;
            for (name, value) in within {
                // What somebody set by hand counts.
                environment.variables.entry(name).or_insert(value);
            }
        }
        Ok(environment)
    }

    /// A variable.
    pub fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// [`Fault::Unset`].
    pub fn require(&self, name: &'static str) -> Result<String, Fault> {
        self.get(name).ok_or(Fault::Unset(name))
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        let unreadable = |reason: String| Fault::Unreadable { name: name.to_owned(), reason };
        let client =
            self.client.as_ref().ok_or_else(|| unreadable("nothing named it at the start".to_owned()))?;
        let value = client.get_secret_value().secret_id(name).send().await;
        let value = value.map_err(|error| unreadable(DisplayErrorContext(error).to_string()))?;
        value.secret_string.ok_or_else(|| Fault::Content(name.to_owned()))
    }
}

impl std::fmt::Debug for Environment {
    /// Names, and no value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

fn names_secrets(variables: &BTreeMap<String, String>) -> bool {
    [SECRETS, LOGIN].iter().any(|name| variables.contains_key(*name))
}

/// rustls with ring: small, and built without cmake.
fn http_client() -> aws_sdk_secretsmanager::config::SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    aws_smithy_http_client::Builder::new().tls_provider(provider).build_https()
}
