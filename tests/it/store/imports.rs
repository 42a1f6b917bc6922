//! Imports: a batch is stored whole or not at all, once, and can be taken back.

use innogauge::response::Fingerprint;
use innogauge::store::{Filter, ImportOutcome, ImportState, NewImport, Store, StoreError, Submission, Withdrawal};

use super::{Visit, at, form};
use crate::databases::on_each;

fn file(content: &str) -> NewImport {
    NewImport {
        round: Some("2026".to_owned()),
        survey: "visit".to_owned(),
        content: Fingerprint::of_bytes(content.as_bytes()),
        file_name: "伊春.xlsx".to_owned(),
        summary: serde_json::json!({ "rows": 1200 }),
        created_by: "olga".to_owned(),
    }
}

fn rows(count: usize) -> Vec<Submission> {
    let form = form();
    let names: Vec<String> = (0..count).map(|row| format!("uuid:row{row}")).collect();
    let submission = |(row, name): (usize, &String)| {
        let visit = Visit::new(name);
        if row < 2 {
            visit.of_code("91230700MA18XXXX0A")
        } else {
            visit
        }
        .answering(&form)
    };
    names.iter().enumerate().map(submission).collect()
}

fn import(store: &Store, content: &str, rows: Vec<Submission>) -> Result<ImportOutcome, StoreError> {
    store.import(&file(content), rows.into_iter().map(Ok), at(5))
}

fn count(store: &Store) -> i64 {
    store.count_responses(&Filter::of_survey("visit")).unwrap()
}

#[test]
fn a_batch_is_stored_once_and_the_same_file_again_changes_nothing() {
    on_each(|database| {
        let store = database.open();
        let ImportOutcome::Applied(record) = import(&store, "a", rows(1200)).unwrap() else {
            panic!("not applied")
        };
        assert_eq!(
            (record.rows, record.state, count(&store)),
            (1200, ImportState::Applied, 1200)
        );
        let (head, version) = store.response("visit", "uuid:row7").unwrap();
        assert_eq!(
            (head.import_id, version.definition_version.as_str()),
            (Some(record.id), "1")
        );
        assert_eq!(store.response_events("visit", "uuid:row7").unwrap().len(), 1);
        assert!(
            store.response_head("visit", "uuid:row0").unwrap().duplicate,
            "duplicates within a file are flagged"
        );
        assert!(!head.duplicate);

        let again = import(&store, "a", rows(1200)).unwrap();
        assert_eq!(again, ImportOutcome::SameFile(record.clone()));
        assert_eq!(store.imports(Some("visit"), None, 10).unwrap(), [record]);
    });
}

#[test]
fn a_batch_with_one_bad_row_leaves_nothing_behind() {
    on_each(|database| {
        let store = database.open();
        store
            .submit_blocking(&Visit::new("uuid:row900").finding("sent before").submission())
            .unwrap();
        let known = import(&store, "a", rows(1200)).unwrap_err();
        assert!(matches!(known, StoreError::InstanceConflict { instance_id } if instance_id == "uuid:row900"));

        let mut twice = rows(3);
        twice.push(twice[0].clone());
        assert!(matches!(
            import(&store, "b", twice),
            Err(StoreError::InstanceConflict { .. })
        ));

        let cut_off = rows(700)
            .into_iter()
            .map(Ok)
            .chain([Err(StoreError::Refused("row 701".to_owned()))]);
        let error = store.import(&file("c"), cut_off, at(5)).unwrap_err();
        assert_eq!(error.to_string(), "row 701", "the caller's own error comes back");

        assert_eq!(count(&store), 1);
        assert!(store.imports(None, None, 10).unwrap().is_empty());
    });
}

#[test]
fn a_batch_that_is_taken_back_is_gone_but_for_what_was_edited_since() {
    on_each(|database| {
        let store = database.open();
        store
            .submit_blocking(&Visit::new("uuid:other").of_code("91230700MA18XXXX0A").submission())
            .unwrap();
        let ImportOutcome::Applied(record) = import(&store, "a", rows(600)).unwrap() else {
            panic!("not applied")
        };
        let edit = Visit::new("uuid:edit").replacing("uuid:row5").finding("mended");
        store.submit_blocking(&edit.submission()).unwrap();
        assert!(store.response_head("visit", "uuid:other").unwrap().duplicate);

        let withdrawal = store.withdraw_import(record.id, "olga", at(9)).unwrap();
        assert_eq!(withdrawal, Withdrawal { removed: 599, kept: 1 });
        assert_eq!(count(&store), 2);
        assert!(!store.response_head("visit", "uuid:other").unwrap().duplicate);
        assert!(matches!(
            store.response_head("visit", "uuid:row1"),
            Err(StoreError::NotFound { .. })
        ));
        assert_eq!(store.response_versions("visit", "uuid:row5").unwrap().len(), 2);
        let record = store.import_record(record.id).unwrap();
        assert_eq!(
            (record.state, record.withdrawn_by.as_deref()),
            (ImportState::Withdrawn, Some("olga"))
        );
        assert_eq!(store.withdraw_import(record.id, "bob", at(10)).unwrap().removed, 0);

        // Corrected and loaded again; the row that stayed is in the way and says so.
        let mut corrected = rows(600);
        corrected.remove(5);
        assert!(matches!(
            import(&store, "a", corrected).unwrap(),
            ImportOutcome::Applied(_)
        ));
        assert_eq!(count(&store), 601);
    });
}
