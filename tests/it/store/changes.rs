//! Servers on one PostgreSQL database hear of each other's changes.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use innogauge::definition::SurveyState;

use crate::app;
use crate::databases::Database;

const LONG: Duration = Duration::from_secs(20);

fn quiet(heard: &Receiver<()>) {
    while heard.recv_timeout(Duration::from_millis(300)).is_ok() {}
}

#[test]
fn a_change_of_another_server_is_heard_and_so_is_the_end_of_the_connection() {
    let Some(database) = Database::postgres() else { return };
    let (here, there) = (database.open(), database.open());
    app::seed(&there);
    let (tell, heard) = channel();
    let listener = here.listen(move || tell.send(()).unwrap()).unwrap();
    heard.recv_timeout(LONG).expect("it starts with what it missed");
    quiet(&heard);
    there
        .set_survey_state("firm", SurveyState::Closing, None, super::at(1))
        .unwrap();
    heard.recv_timeout(LONG).expect("a survey was changed");
    quiet(&heard);
    assert!(heard.try_recv().is_err(), "nothing was changed");

    let mut other = PgConnection::establish(&database.url).unwrap();
    other
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query = 'LISTEN innogauge'",
        )
        .unwrap();
    heard
        .recv_timeout(LONG)
        .expect("what happened meanwhile may have been missed");
    quiet(&heard);
    there
        .set_survey_state("firm", SurveyState::Open, None, super::at(2))
        .unwrap();
    heard.recv_timeout(LONG).expect("it hears again");
    drop(listener);
}
