//! Connections to PostgreSQL that break under load: at worst a submission is refused, and none is acknowledged wrongly.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use futures_util::future::join_all;
use innogauge::store::Outcome;

use super::Visit;
use crate::databases::{Database, wait_for};

const SUBMISSIONS: usize = 600;

#[test]
fn what_was_acknowledged_while_connections_broke_is_there_once() {
    let Some(database) = Database::postgres() else { return };
    let store = database.open();
    let form = super::form();
    let (done, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let names: Vec<String> = (0..SUBMISSIONS).map(|number| format!("uuid:{number}")).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut other = PgConnection::establish(&database.url).unwrap();
            while !done.load(Ordering::Relaxed) {
                other
                    .batch_execute(
                        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    .unwrap();
                std::thread::sleep(Duration::from_millis(250));
            }
        });
        for names in names.chunks(30) {
            let sent = names.iter().map(|name| store.submit(Visit::new(name).answering(&form)));
            for (name, answer) in names.iter().zip(wait_for(join_all(sent))) {
                match answer {
                    Ok(_) => acknowledged.lock().unwrap().push(name),
                    Err(error) => assert!(error.is_transient(), "{error}"),
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() > SUBMISSIONS / 2,
        "{} of {SUBMISSIONS}",
        acknowledged.len()
    );
    for name in acknowledged {
        let (head, _) = store.response("visit", name).unwrap();
        assert_eq!(head.versions, 1, "{name}");
        assert_eq!(store.response_events("visit", name).unwrap().len(), 1, "{name}");
    }
    // Sent again, each is there once, whether it had been stored or not.
    for name in &names {
        let receipt = store.submit_blocking(&Visit::new(name).answering(&form)).unwrap();
        assert!(
            matches!(receipt.outcome, Outcome::Unchanged | Outcome::Created),
            "{receipt:?}"
        );
        assert_eq!(store.response_versions("visit", name).unwrap().len(), 1, "{name}");
    }
    assert!(store.verify_audit(None).unwrap().is_whole());
}
