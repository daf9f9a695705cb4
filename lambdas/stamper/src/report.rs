//! Telling the middleware, by signed calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stampede_domain::callback::{Callback, MOST_REPORTS, Report, ZipReport};
use stampede_domain::signature::Secret;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::Fault;

/// Tells the middleware; a clone is another handle on the same.
///
/// What is to be told while a call is on its way goes with the next one, all together: a batch whose pictures
/// are done at the same time is told of in one call.
#[derive(Clone, Debug)]
pub struct Reporter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    url: String,
    secret: Secret,
    waiting: Mutex<Vec<Waiting>>,
    calling: tokio::sync::Mutex<()>,
}

/// A report that waits for the next call.
#[derive(Debug)]
struct Waiting {
    report: Report,
    traceparent: Option<String>,
    told: oneshot::Sender<Result<(), String>>,
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
        let (url, waiting, calling) = (url.into(), Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self(Arc::new(Inner { http, url, secret, waiting, calling })))
    }

    /// Tells what happened to items.
    ///
    /// # Errors
    /// [`Fault::Passing`] when nobody takes it.
    pub async fn items(&self, reports: Vec<Report>) -> Result<(), Fault> {
        for reports in reports.chunks(MOST_REPORTS) {
            self.call(&Callback::new(reports.to_vec()), None).await?;
        }
        Ok(())
    }

    /// Tells what happened to one item, with others that are told of now.
    ///
    /// # Errors
    /// [`Fault::Passing`] when nobody takes it.
    pub async fn item(&self, report: Report, traceparent: Option<&str>) -> Result<(), Fault> {
        let (told, mut hear) = oneshot::channel();
        let traceparent = traceparent.map(str::to_owned);
        self.waiting().push(Waiting { report, traceparent, told });
        let _calling = self.0.calling.lock().await;
        loop {
            match hear.try_recv() {
                // Who called before may have taken it along.
                Ok(told) => return told.map_err(Fault::Passing),
                Err(TryRecvError::Empty) => self.call_of_all().await,
                Err(TryRecvError::Closed) => {
                    return Err(Fault::Passing("a call with several reports was broken off".to_owned()));
                }
            }
        }
    }

    /// One call of what waits.
    async fn call_of_all(&self) {
        let all = {
            let mut waiting = self.waiting();
            let most = waiting.len().min(MOST_REPORTS);
            waiting.drain(..most).collect::<Vec<_>>()
        };
        let first = all.first().and_then(|one| one.traceparent.clone());
        // A call belongs to one trace or to none.
        let traceparent = first.filter(|first| all.iter().all(|one| one.traceparent.as_ref() == Some(first)));
        let reports = all.iter().map(|one| one.report.clone()).collect();
        let told = self.call(&Callback::new(reports), traceparent.as_deref()).await;
        let told = told.map_err(|fault| fault.to_string());
        for one in all {
            // Who waits no longer needs no answer.
            let _ = one.told.send(told.clone());
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what happened to a ZIP.
    ///
    /// # Errors
    /// [`Fault::Passing`] when nobody takes it.
    pub async fn zip(&self, report: ZipReport, traceparent: Option<&str>) -> Result<(), Fault> {
        self.call(&Callback::of_zips(vec![report]), traceparent).await
    }

    async fn call(&self, callback: &Callback, traceparent: Option<&str>) -> Result<(), Fault> {
        let mut pause = PAUSE;
        let mut why = String::new();
        for attempt in 1..=TRIES {
            let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
            let signed = callback.sign(&self.0.secret, now);
            let call = self.0.http.post(&self.0.url).header("stampede-signature", signed.header);
            let mut call = call.header("content-type", "application/json").body(signed.body);
            if let Some(traceparent) = traceparent {
                call = call.header("traceparent", traceparent);
            }
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
