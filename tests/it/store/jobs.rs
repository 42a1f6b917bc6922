//! Jobs: one lease at a time, and an effect once, whoever dies over it.

use chrono::Duration;
use innogauge::response::Fingerprint;
use innogauge::store::{
    Claim, EndsJob, Filter, ImportOutcome, JobEnding, JobFileHead, JobPart, JobProgress, JobState, NewImport, NewJob,
    Store, StoreError,
};
use serde_json::json;

use super::{Visit, at};
use crate::databases::on_each;

fn job(by: &str) -> NewJob {
    NewJob {
        kind: "import".to_owned(),
        input: json!({}),
        created_by: by.to_owned(),
    }
}

fn claim(store: &Store, owner: &str, seconds: i64) -> Option<Claim> {
    let now = at(seconds);
    let taken = store.claim_job(owner, now, now + Duration::seconds(30)).unwrap();
    taken.map(|(claim, _)| claim)
}

/// Loads two responses and ends the job with them.
fn load(store: &Store, claim: &Claim) -> Result<ImportOutcome, StoreError> {
    let import = NewImport {
        round: Some("2026".to_owned()),
        survey: "visit".to_owned(),
        content: Fingerprint::of_bytes(b"a file"),
        file_name: "a.xlsx".to_owned(),
        summary: json!({}),
        created_by: "operator".to_owned(),
    };
    let rows = ["uuid:1", "uuid:2"].map(|instance| Ok(Visit::new(instance).submission()));
    let ends = EndsJob {
        claim,
        outcome: &|_| json!({ "by": claim.job }),
    };
    store.import_ending::<StoreError>(&import, rows, at(0), Some(&ends))
}

fn responses(store: &Store) -> i64 {
    store.count_responses(&Filter::of_survey("visit")).unwrap()
}

#[test]
fn what_a_dead_server_began_another_finishes_once() {
    on_each(|database| {
        let (one, two) = (database.open(), database.open());
        let id = one.add_job(&job("operator"), None, at(0)).unwrap();
        let first = claim(&one, "one", 0).unwrap();
        assert_eq!(claim(&two, "two", 20), None, "the lease holds");
        one.renew_job(&first, &JobProgress::default(), at(50)).unwrap();
        assert_eq!(claim(&two, "two", 40), None, "it was renewed");

        let second = claim(&two, "two", 51).unwrap();
        assert_eq!(two.job(id).unwrap().attempt, 2);
        // The first was not dead, only slow: nothing that it does counts any more.
        let lost = |result: Result<(), StoreError>| matches!(result, Err(StoreError::LeaseLost { .. }));
        assert!(lost(load(&one, &first).map(|_| ())));
        assert!(lost(one.renew_job(&first, &JobProgress::default(), at(90)).map(|_| ())));
        assert!(lost(one.release_job(&first, at(0))));
        assert_eq!(responses(&one), 0, "what the first had stored is undone");

        assert!(matches!(load(&two, &second).unwrap(), ImportOutcome::Applied(_)));
        assert!(lost(load(&one, &first).map(|_| ())));
        assert!(
            lost(two.end_job(&second, &JobEnding::Cancelled, at(60))),
            "it has ended"
        );
        assert_eq!(responses(&one), 2);
        let ended = one.job(id).unwrap();
        assert_eq!((ended.state, ended.finished_at), (JobState::Done, Some(at(0))));
        assert_eq!(
            ended.outcome.unwrap().read::<serde_json::Value>().unwrap(),
            json!({ "by": id })
        );
        assert_eq!(claim(&one, "one", 1000), None, "nothing is left to do");
    });
}

#[test]
fn a_job_is_cancelled_at_once_or_by_whoever_works_on_it() {
    on_each(|database| {
        let store = database.open();
        let waiting = store.add_job(&job("a"), None, at(0)).unwrap();
        let running = store.add_job(&job("b"), None, at(0)).unwrap();
        assert_eq!(store.cancel_job(waiting, at(1)).unwrap().state, JobState::Cancelled);
        let held = claim(&store, "one", 2).unwrap();
        assert_eq!(held.job, running);
        assert_eq!(store.cancel_job(running, at(3)).unwrap().state, JobState::Running);
        let progress = JobProgress {
            stage: "scoring".to_owned(),
            done: 3,
            total: Some(4),
        };
        assert!(
            store.renew_job(&held, &progress, at(60)).unwrap(),
            "its server hears of it"
        );
        let seen = store.job(running).unwrap();
        assert_eq!((seen.stage.as_str(), seen.done, seen.total), ("scoring", 3, Some(4)));
        store.end_job(&held, &JobEnding::Cancelled, at(4)).unwrap();
        assert_eq!(store.cancel_job(running, at(5)).unwrap().state, JobState::Cancelled);
        assert!(matches!(store.cancel_job(99, at(5)), Err(StoreError::NotFound { .. })));

        let newest = |maker| store.jobs(maker, None, 10).unwrap().into_iter().map(|job| job.id);
        assert_eq!(newest(None).collect::<Vec<_>>(), [running, waiting]);
        assert_eq!(newest(Some("a")).collect::<Vec<_>>(), [waiting]);
        assert_eq!(store.jobs(None, Some(running), 10).unwrap()[0].id, waiting);
        assert_eq!(store.remove_old_jobs(at(2)).unwrap(), 1, "the one that ended before");
        assert_eq!(newest(None).collect::<Vec<_>>(), [running]);
    });
}

#[test]
fn files_come_back_as_they_were_and_an_abandoned_attempt_leaves_none() {
    on_each(|database| {
        let store = database.open();
        let head = |name: &str| JobFileHead {
            name: name.to_owned(),
            content_type: "text/csv".to_owned(),
        };
        let content: Vec<u8> = (0..1_300_000_u32).map(|byte| (byte % 251) as u8).collect();
        let read = |id: i64, part: JobPart| {
            let file = store.job_file(id, part).unwrap()?;
            let pieces = (0..file.pieces).flat_map(|piece| store.job_file_piece(&file, piece).unwrap());
            Some((file.head.name.clone(), pieces.collect::<Vec<u8>>()))
        };
        let upload: &mut dyn std::io::Read = &mut content.as_slice();
        let id = store
            .add_job(&job("a"), Some((&head("in.csv"), upload)), at(0))
            .unwrap();
        assert_eq!(read(id, JobPart::Upload), Some(("in.csv".to_owned(), content.clone())));
        assert_eq!(read(id, JobPart::Result), None);

        let first = claim(&store, "one", 0).unwrap();
        store
            .keep_job_file(&first, JobPart::Result, &head("dead.csv"), &mut &b"half"[..])
            .unwrap();
        let second = claim(&store, "two", 60).unwrap();
        store
            .keep_job_file(&second, JobPart::Result, &head("out.csv"), &mut content.as_slice())
            .unwrap();
        store.end_job(&second, &JobEnding::Done(json!({})), at(61)).unwrap();
        assert_eq!(read(id, JobPart::Result), Some(("out.csv".to_owned(), content.clone())));
        assert_eq!(
            read(id, JobPart::Upload),
            None,
            "what it was given is not kept for longer"
        );
    });
}
