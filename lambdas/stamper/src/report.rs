//! Telling the middleware, by signed calls.

use std::time::Duration;

use stampede_domain::callback::{Callback, MOST_REPORTS, Report, ZipReport};
use stampede_domain::signature::Secret;

use crate::Fault;

/// Tells the middleware; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Reporter {
    http: reqwest::Client,
    url: String,
    secret: Secret,
}

/// Tries of one call. The queue gives all of it another try.
const TRIES: u32 = 4;
/// Between the first two; then twice as long each time. A second at least, so that each is signed anew.
const PAUSE: Duration = Duration::from_millis(1100);

impl Reporter {
    /// To the callback at `url`.
    ///
    /// # Errors
    /// [`Fault::Permanent`] when TLS cannot be set up.
    pub fn new(url: impl Into<String>, secret: Secret) -> Result<Self, Fault> {
        // Another part of the process may have chosen it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| Fault::Permanent(error.to_string()))?;
        Ok(Self { http, url: url.into(), secret })
    }

    /// Tells what happened to items.
    ///
    /// # Errors
    /// [`Fault::Passing`] when nobody takes it.
    pub async fn items(&self, reports: Vec<Report>) -> Result<(), Fault> {
        for reports in reports.chunks(MOST_REPORTS) {
            self.call(&Callback::new(reports.to_vec())).await?;
        }
        Ok(())
    }

    /// Tells what happened to a ZIP.
    ///
    /// # Errors
    /// [`Fault::Passing`] when nobody takes it.
    pub async fn zip(&self, report: ZipReport) -> Result<(), Fault> {
        self.call(&Callback::of_zips(vec![report])).await
    }

    async fn call(&self, callback: &Callback) -> Result<(), Fault> {
        let mut pause = PAUSE;
        let mut why = String::new();
        for attempt in 1..=TRIES {
            let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
            let signed = callback.sign(&self.secret, now);
            let call = self.http.post(&self.url).header("stampede-signature", signed.header);
            let call = call.header("content-type", "application/json").body(signed.body);
            match call.send().await {
                // 409: this very call was taken before.
                Ok(answer) if answer.status().is_success() || answer.status().as_u16() == 409 => {
                    return Ok(());
                }
                Ok(answer) if answer.status().is_client_error() && answer.status().as_u16() != 429 => {
                    return Err(Fault::Passing(format!(
                        "the middleware refuses reports: {}",
                        answer.status()
                    )));
                }
                Ok(answer) => why = answer.status().to_string(),
                Err(error) => why = error.without_url().to_string(),
            }
            if attempt < TRIES {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Err(Fault::Passing(format!("the middleware takes no reports: {why}")))
    }
}
