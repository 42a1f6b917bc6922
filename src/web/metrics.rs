//! Counters of what the server did, as Prometheus text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use sha2::{Digest as _, Sha256};

use super::state::App;
use super::{authentication, client};
use crate::settings::Settings;
use crate::store::{self, COMMIT_BOUNDS_SECONDS, Load, Receipt, StoreError};

/// Upper bounds of the histogram's buckets, in seconds.
const BUCKETS_SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The door and outcome of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A new response or version was stored.
    Stored,
    /// The same content was there already.
    Known,
    /// Other content was there under the same identifier.
    Conflicting,
    /// It broke rules.
    Refused,
    /// The database failed; the caller was told.
    Failed,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Known => "known",
            Self::Conflicting => "conflicting",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What the server counted since it was started.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    requests: BTreeMap<(String, String), Series>,
    submissions: BTreeMap<Outcome, u64>,
    imports: BTreeMap<&'static str, u64>,
}

/// The requests of one method and route.
#[derive(Debug, Default)]
struct Series {
    by_status: BTreeMap<u16, u64>,
    /// Requests per bucket, the last without a bound; not yet summed up.
    buckets: [u64; BUCKETS_SECONDS.len() + 1],
    seconds: f64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            counted: Mutex::default(),
        }
    }
}

impl Metrics {
    /// Counts one answered request.
    fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS_SECONDS
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(BUCKETS_SECONDS.len());
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let series = counted
            .requests
            .entry((route.to_owned(), method.to_owned()))
            .or_default();
        *series.by_status.entry(status).or_default() += 1;
        if let Some(count) = series.buckets.get_mut(bucket) {
            *count += 1;
        }
        series.seconds += seconds;
    }

    /// Counts one submission.
    pub fn submission(&self, outcome: Outcome) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.submissions.entry(outcome).or_default() += 1;
    }

    /// Counts one submission that was to be stored.
    pub fn stored(&self, receipt: &Result<Receipt, StoreError>) {
        self.submission(match receipt {
            Ok(receipt) if receipt.outcome == store::Outcome::Unchanged => Outcome::Known,
            Ok(_) => Outcome::Stored,
            Err(StoreError::InstanceConflict { .. }) => Outcome::Conflicting,
            Err(_) => Outcome::Failed,
        });
    }

    /// Counts one import by its outcome, as the API names it.
    pub fn import(&self, outcome: &'static str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.imports.entry(outcome).or_default() += 1;
    }

    /// Everything counted, and how busy the store is, in Prometheus' text format.
    pub fn text(&self, load: &Load) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = write_text(&mut text, &counted, self.started.elapsed());
        let _ = write_load(&mut text, load);
        text
    }
}

fn write_text(text: &mut String, counted: &Counted, uptime: Duration) -> std::fmt::Result {
    writeln!(
        text,
        "# HELP innogauge_uptime_seconds Time since the server was started."
    )?;
    writeln!(text, "# TYPE innogauge_uptime_seconds gauge")?;
    writeln!(text, "innogauge_uptime_seconds {}", uptime.as_secs())?;

    writeln!(
        text,
        "# HELP innogauge_submissions_total Single submissions by what became of them."
    )?;
    writeln!(text, "# TYPE innogauge_submissions_total counter")?;
    for (outcome, count) in &counted.submissions {
        writeln!(
            text,
            "innogauge_submissions_total{{outcome=\"{}\"}} {count}",
            outcome.label()
        )?;
    }

    writeln!(text, "# HELP innogauge_imports_total Imports by what became of them.")?;
    writeln!(text, "# TYPE innogauge_imports_total counter")?;
    for (outcome, count) in &counted.imports {
        writeln!(text, "innogauge_imports_total{{outcome=\"{outcome}\"}} {count}")?;
    }

    writeln!(text, "# HELP innogauge_http_requests_total Answered requests.")?;
    writeln!(text, "# TYPE innogauge_http_requests_total counter")?;
    for ((route, method), series) in &counted.requests {
        for (status, count) in &series.by_status {
            writeln!(
                text,
                "innogauge_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            )?;
        }
    }

    writeln!(
        text,
        "# HELP innogauge_http_request_duration_seconds Time until the answer was ready."
    )?;
    writeln!(text, "# TYPE innogauge_http_request_duration_seconds histogram")?;
    for ((route, method), series) in &counted.requests {
        let labels = format!("method=\"{method}\",route=\"{route}\"");
        let mut so_far = 0;
        for (bound, count) in BUCKETS_SECONDS.iter().zip(series.buckets) {
            so_far += count;
            writeln!(
                text,
                "innogauge_http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {so_far}"
            )?;
        }
        let all: u64 = series.buckets.iter().sum();
        writeln!(
            text,
            "innogauge_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {all}"
        )?;
        writeln!(
            text,
            "innogauge_http_request_duration_seconds_sum{{{labels}}} {}",
            series.seconds
        )?;
        writeln!(text, "innogauge_http_request_duration_seconds_count{{{labels}}} {all}")?;
    }
    Ok(())
}

fn write_load(text: &mut String, load: &Load) -> std::fmt::Result {
    let gauges = [
        (
            "innogauge_database_connections",
            "Open connections to the database.",
            load.connections as usize,
        ),
        (
            "innogauge_database_connections_idle",
            "Connections that nobody uses.",
            load.idle_connections as usize,
        ),
        (
            "innogauge_database_waiting",
            "Calls that wait for a connection or for their turn to write.",
            load.waiting,
        ),
        (
            "innogauge_submissions_queued",
            "Submissions that wait to be stored.",
            load.queued_submissions,
        ),
    ];
    for (name, help, value) in gauges {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}")?;
    }
    let name = "innogauge_commit_duration_seconds";
    writeln!(
        text,
        "# HELP {name} Transactions with submissions, until they were durable."
    )?;
    writeln!(text, "# TYPE {name} histogram")?;
    let mut so_far = 0;
    for (bound, count) in COMMIT_BOUNDS_SECONDS.iter().zip(load.commits) {
        so_far += count;
        writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {so_far}")?;
    }
    let all: u64 = load.commits.iter().sum();
    writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {all}")?;
    writeln!(text, "{name}_sum {}\n{name}_count {all}", load.commit_seconds)
}

/// Whether the caller may read metrics: by their address, or by the token that was set for it.
///
/// Who came through a proxy that nobody named is not taken for the proxy.
pub(super) fn may_be_read(settings: &Settings, request: &HttpRequest) -> bool {
    let client = client::address(request);
    let direct = client != client::peer(request) || !client::is_forwarded(request.headers());
    let by_address = settings.metrics_from.iter().any(|network| network.contains(client));
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(authentication::bearer);
    // Hashes are compared, so that the time taken tells nothing of the token.
    let by_token = presented
        .zip(settings.metrics_token.as_ref())
        .is_some_and(|(presented, token)| {
            Sha256::digest(presented.as_bytes()) == Sha256::digest(token.reveal().as_bytes())
        });
    (by_address && direct) || by_token
}

/// The middleware that counts every request under its route's pattern, never under its address.
///
/// # Errors
/// Passes on what could not be answered at all.
pub(super) async fn count<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let began = Instant::now();
    // A method is any token that the client chooses: only the known ones become labels.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let app = request.app_data::<web::Data<App>>().cloned();
    let response = next.call(request).await?;
    if let Some(app) = app {
        let route = response
            .request()
            .match_pattern()
            .unwrap_or_else(|| "unmatched".to_owned());
        app.metrics
            .request(&method, &route, response.status().as_u16(), began.elapsed());
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_falls_in_every_bucket_from_its_own_on() {
        let metrics = Metrics::default();
        metrics.request("GET", "/healthz", 200, Duration::from_millis(4));
        metrics.request("GET", "/healthz", 404, Duration::from_mins(1));
        let load = crate::store::Store::open("sqlite::memory:").unwrap().load();
        let text = metrics.text(&load);
        for line in [
            r#"innogauge_http_requests_total{method="GET",route="/healthz",status="200"} 1"#,
            r#"innogauge_http_requests_total{method="GET",route="/healthz",status="404"} 1"#,
            r#"innogauge_http_request_duration_seconds_bucket{method="GET",route="/healthz",le="0.0025"} 0"#,
            r#"innogauge_http_request_duration_seconds_bucket{method="GET",route="/healthz",le="0.005"} 1"#,
            r#"innogauge_http_request_duration_seconds_bucket{method="GET",route="/healthz",le="30"} 1"#,
            r#"innogauge_http_request_duration_seconds_bucket{method="GET",route="/healthz",le="+Inf"} 2"#,
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
    }
}
