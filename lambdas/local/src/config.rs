//! The configuration: options, environment variables and a TOML file, in this order of weight.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use stampede_decoder::Confinement;
use stampede_domain::signature::Secret;
use stampede_live::Pusher;
use stampede_store::Buckets;

/// What can be said; the documented list is `stampede --help`.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Options {
    /// A TOML file with the same names as these options
    #[arg(long, env = "STAMPEDE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, env = "STAMPEDE_ADDRESS", value_name = "IP:PORT")]
    address: Option<SocketAddr>,
    /// Where browsers reach it [default: http://ADDRESS]
    #[arg(long, env = "STAMPEDE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The folder of the embedded parts [default: data]
    #[arg(long, env = "STAMPEDE_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// What is signed with, at least 32 bytes; on this machine alone one is made in the data folder
    #[arg(long, env = "STAMPEDE_SECRET", value_name = "TEXT", hide_env_values = true)]
    secret: Option<String>,
    /// sqlite:FILE or postgres://… [default: SQLite in the data folder]
    #[arg(long, env = "STAMPEDE_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// S3 buckets as ORIGINALS,STAMPS,STAMPED in place of a folder; AWS_ENDPOINT_URL and AWS's other
    /// variables are heeded
    #[arg(long, env = "STAMPEDE_BUCKETS", value_name = "NAMES")]
    buckets: Option<String>,
    /// An SQS queue's URL in place of a file
    #[arg(long, env = "STAMPEDE_QUEUE", value_name = "URL")]
    queue: Option<String>,
    /// The URL of its dead-letter queue, which goes with --queue: what was tried too often is failed from there
    #[arg(long, env = "STAMPEDE_DEAD_LETTERS", value_name = "URL")]
    dead_letters: Option<String>,
    /// Pusher's app as ID:KEY:SECRET@CLUSTER, or @http://HOST:PORT for what speaks as Pusher does, in place
    /// of the built-in server
    #[arg(long, env = "STAMPEDE_PUSHER", value_name = "APP", hide_env_values = true)]
    pusher: Option<String>,
    /// The folder of the built site [default: front-end/dist]
    #[arg(long, env = "STAMPEDE_SITE", value_name = "FOLDER")]
    site: Option<PathBuf>,
    /// Cores that stamp; 0: none in this process [default: all]
    #[arg(long, env = "STAMPEDE_STAMPERS", value_name = "NUMBER")]
    stampers: Option<usize>,
    /// Seconds that a picture may take, or it fails [default: 60]
    #[arg(long, env = "STAMPEDE_PICTURE_SECONDS", value_name = "NUMBER")]
    picture_seconds: Option<u64>,
    /// Take files, sockets and other programs from what decodes: where-possible, always or never
    /// [default: where-possible]
    #[arg(long, env = "STAMPEDE_SANDBOX", value_name = "WHEN")]
    sandbox: Option<String>,
    /// Requests a second of one owner, and new sessions and wrong credentials a minute of one address
    /// [default: 200]
    #[arg(long, env = "STAMPEDE_RATE", value_name = "NUMBER")]
    rate: Option<u32>,
    /// What is logged: error, warn, info, debug, or a filter [default: info]
    #[arg(long, env = "STAMPEDE_LOG", value_name = "FILTER")]
    log: Option<String>,
}

/// The configuration, complete and checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) address: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) data: PathBuf,
    pub(crate) secret: Secret,
    pub(crate) database: String,
    pub(crate) buckets: Option<Buckets>,
    pub(crate) queue: Option<String>,
    pub(crate) dead_letters: Option<String>,
    pub(crate) pusher: Option<Pusher>,
    pub(crate) site: PathBuf,
    pub(crate) stampers: usize,
    pub(crate) picture_seconds: u64,
    pub(crate) sandbox: Confinement,
    pub(crate) rate: u32,
    pub(crate) log: String,
}

impl Config {
    pub(crate) fn read(said: Options) -> Result<Self, String> {
        let file = match &said.config {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
                toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
            None => Options::default(),
        };
        let address =
            said.address.or(file.address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let data = said.data.or(file.data).unwrap_or_else(|| PathBuf::from("data"));
        let secret = match said.secret.or(file.secret) {
            Some(secret) => Secret::new(secret).map_err(|error| format!("secret: {error}"))?,
            None if address.ip().is_loopback() => own_secret(&data)?,
            None => {
                return Err(format!(
                    "address: {address} is open to others, so that a secret must be set; make one with \
                     `openssl rand -hex 32` and give it as STAMPEDE_SECRET"
                ));
            }
        };
        let database = said.database.or(file.database);
        let buckets = said.buckets.or(file.buckets).map(|names| parsed("buckets", &names)).transpose()?;
        let pusher = said.pusher.or(file.pusher).map(|app| parsed("pusher", &app)).transpose()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let rate = said.rate.or(file.rate).unwrap_or(200);
        if rate == 0 {
            return Err("rate: it must be at least 1 request a second".to_owned());
        }
        let picture_seconds = said.picture_seconds.or(file.picture_seconds).unwrap_or(60);
        if picture_seconds == 0 {
            return Err("picture-seconds: it must be at least 1".to_owned());
        }
        let queue = said.queue.or(file.queue);
        let dead_letters = said.dead_letters.or(file.dead_letters);
        if queue.is_some() && dead_letters.is_none() {
            return Err(
                "queue: what SQS gives up on is told to nobody without its dead-letter queue; give that \
                        queue's URL as --dead-letters or STAMPEDE_DEAD_LETTERS"
                    .to_owned(),
            );
        }
        let sandbox = said.sandbox.or(file.sandbox).map(|when| parsed("sandbox", &when)).transpose()?;
        Ok(Self {
            public_url: said.public_url.or(file.public_url).unwrap_or_else(|| format!("http://{address}")),
            database: database.unwrap_or_else(|| format!("sqlite:{}", data.join("stampede.db").display())),
            address,
            data,
            secret,
            buckets,
            queue,
            dead_letters,
            pusher,
            site: said.site.or(file.site).unwrap_or_else(|| PathBuf::from("front-end/dist")),
            stampers: said.stampers.or(file.stampers).unwrap_or(cores),
            picture_seconds,
            sandbox: sandbox.unwrap_or_default(),
            rate,
            log: said.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        })
    }
}

/// The secret in the data folder, made when it is not there. Nobody else may read it.
fn own_secret(data: &Path) -> Result<Secret, String> {
    let path = data.join("secret");
    let failed = |error: &dyn std::fmt::Display| format!("data: {}: {error}", path.display());
    std::fs::create_dir_all(data).map_err(|error| failed(&error))?;
    if !path.exists() {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| failed(&error))?;
        // A temporary file is its maker's alone; two processes that start at once agree on the first.
        let mut file = tempfile::NamedTempFile::new_in(data).map_err(|error| failed(&error))?;
        std::io::Write::write_all(&mut file, HEXLOWER.encode(&random).as_bytes())
            .map_err(|error| failed(&error))?;
        drop(file.persist_noclobber(&path));
    }
    let secret = std::fs::read(&path).map_err(|error| failed(&error))?;
    Secret::new(secret.trim_ascii()).map_err(|error| failed(&error))
}

fn parsed<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(data: &Path) -> Options {
        Options { data: Some(data.to_owned()), ..Options::default() }
    }

    #[test]
    fn a_secret_is_made_once_for_this_machine_alone() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        Config::read(options(&data)).unwrap();
        let made = std::fs::read(data.join("secret")).unwrap();
        Config::read(options(&data)).unwrap();
        assert_eq!(std::fs::read(data.join("secret")).unwrap(), made);
        let open = Options { address: Some("0.0.0.0:80".parse().unwrap()), ..options(&data) };
        assert!(Config::read(open.clone()).unwrap_err().contains("STAMPEDE_SECRET"));
        let short = Options { secret: Some("short".to_owned()), ..open.clone() };
        assert!(Config::read(short).unwrap_err().starts_with("secret: "));
        Config::read(Options { secret: Some("x".repeat(32)), ..open }).unwrap();
    }

    #[test]
    fn wrong_values_are_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("stampede.toml");
        std::fs::write(&file, "adress = '127.0.0.1:1'").unwrap();
        let wrong = Config::read(Options { config: Some(file.clone()), ..options(home.path()) }).unwrap_err();
        assert!(wrong.contains("adress"), "{wrong}");
        std::fs::write(&file, "address = '127.0.0.1:9'\nrate = 7").unwrap();
        let config =
            Config::read(Options { config: Some(file), rate: Some(8), ..options(home.path()) }).unwrap();
        assert_eq!((config.address.port(), config.rate), (9, 8), "options weigh more than the file");
        for (options, name) in [
            (Options { buckets: Some("a,b".to_owned()), ..options(home.path()) }, "buckets"),
            (Options { pusher: Some("a:b@eu".to_owned()), ..options(home.path()) }, "pusher"),
            (Options { queue: Some("https://sqs/q".to_owned()), ..options(home.path()) }, "queue"),
            (Options { rate: Some(0), ..options(home.path()) }, "rate"),
            (Options { picture_seconds: Some(0), ..options(home.path()) }, "picture-seconds"),
            (Options { sandbox: Some("mostly".to_owned()), ..options(home.path()) }, "sandbox"),
        ] {
            assert!(Config::read(options).unwrap_err().starts_with(name));
        }
        let (queue, dead_letters) = (Some("https://sqs/q".to_owned()), Some("https://sqs/dead".to_owned()));
        Config::read(Options { queue, dead_letters, ..options(home.path()) }).unwrap();
    }
}
