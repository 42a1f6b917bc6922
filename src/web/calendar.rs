//! Rounds that open and close by their dates while the server runs.

use std::time::Duration;

use actix_web::web;
use chrono::TimeDelta;

use super::state::App;

/// How often the dates are looked at.
const EVERY: Duration = Duration::from_mins(5);
/// The offset of China's one time zone, whose days the dates are.
const CHINA: TimeDelta = TimeDelta::hours(8);

/// Opens and closes rounds whose dates have come, now and every few minutes, for as long as the system runs. Several
/// servers on one database may do so at once: the first one changes the round, the others find it changed.
pub(super) async fn turn_rounds(app: web::Data<App>) {
    let mut ticks = actix_web::rt::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let turned = web::block(move || {
            let now = app.now();
            let turned = app.store.turn_rounds((now + CHINA).date_naive(), now);
            app.surveys.forget();
            turned
        })
        .await;
        match turned {
            Ok(Ok(rounds)) => {
                for round in rounds {
                    tracing::info!(round, "a round was turned by its date");
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "rounds could not be turned by their dates"),
            // The system is ending.
            Err(_) => return,
        }
    }
}
