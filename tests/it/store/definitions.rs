//! Definitions: what a folder brings in, and that what is published never changes.

use innogauge::definition::{AttachedFile, SurveyState, Text, VersionState};
use innogauge::store::{NewDefinition, NewFramework, RoundChange, RoundState, Seed, Store, StoreError};

use super::at;
use crate::databases::on_each;

fn definition(version: &str, source: &str) -> NewDefinition {
    NewDefinition {
        survey: "visit".to_owned(),
        version: version.to_owned(),
        hash: format!("hash of {source}"),
        file_name: "survey_defs/visit.yaml".to_owned(),
        source: source.as_bytes().to_vec(),
        files: vec![AttachedFile {
            name: "banks.csv".to_owned(),
            content: b"name,label\n".to_vec(),
        }],
    }
}

fn folder(definitions: Vec<NewDefinition>) -> Seed {
    Seed {
        definitions,
        framework: Some(NewFramework {
            hash: "f1".to_owned(),
            file_name: "framework.yaml".to_owned(),
            source: "index: {}".to_owned(),
        }),
        rounds: vec![
            ("2026".to_owned(), Text::plain("First")),
            ("2027".to_owned(), Text::plain("Second")),
        ],
        ..Seed::default()
    }
}

#[test]
fn a_fresh_database_takes_a_folder_in_and_the_same_folder_changes_nothing() {
    on_each(|database| {
        let store = database.open();
        let seed = folder(vec![definition("1", "as it was")]);
        let seeded = store.seed(&seed, at(0)).unwrap();
        assert_eq!(seeded.definitions, [("visit".to_owned(), "1".to_owned())]);
        assert_eq!(seeded.rounds, ["2026", "2027"]);
        assert_eq!(
            store.default_round().unwrap().as_deref(),
            Some("2026"),
            "the first round is open"
        );
        assert_eq!(store.seed(&seed, at(1)).unwrap(), innogauge::store::Seeded::default());

        let kept = store.definition("visit", "1").unwrap();
        assert_eq!(
            (kept.state, kept.source.as_slice()),
            (VersionState::Published, b"as it was".as_slice())
        );
        assert_eq!(store.attached_files("visit", "1").unwrap(), definition("1", "").files);
        assert_eq!(store.current_framework().unwrap().unwrap().hash, "f1");
        assert_eq!(store.surveys().unwrap(), [("visit".to_owned(), SurveyState::Open)]);
    });
}

#[test]
fn a_published_version_never_changes_and_a_new_version_stands_beside_it() {
    on_each(|database| {
        let store = database.open();
        store.seed(&folder(vec![definition("1", "as it was")]), at(0)).unwrap();
        let mut changed = folder(vec![definition("2", "new"), definition("1", "changed")]);
        let error = store.seed(&changed, at(1)).unwrap_err();
        assert!(matches!(error, StoreError::PublishedDefinition { .. }));
        assert!(error.to_string().ends_with("raise the version"), "{error}");
        assert_eq!(
            store.definitions().unwrap().len(),
            1,
            "nothing of the folder was taken in"
        );

        changed.definitions.pop();
        store.seed(&changed, at(2)).unwrap();
        let versions: Vec<String> = store
            .definitions()
            .unwrap()
            .into_iter()
            .map(|kept| kept.version)
            .collect();
        assert_eq!(versions, ["1", "2"], "in the order of publishing");
        assert_eq!(store.definition("visit", "1").unwrap().source, b"as it was");
    });
}

#[test]
fn a_draft_may_change_until_it_is_published() {
    on_each(|database| {
        let store = database.open();
        store.keep_draft(&definition("1", "first try"), None, at(0)).unwrap();
        store.keep_draft(&definition("1", "second try"), None, at(1)).unwrap();
        assert_eq!(store.surveys().unwrap()[0].1, SurveyState::Draft);
        store.publish_definition("visit", "1", at(2)).unwrap();
        assert_eq!(store.definition("visit", "1").unwrap().source, b"second try");
        assert_eq!(store.surveys().unwrap()[0].1, SurveyState::Open);
        let error = store
            .keep_draft(&definition("1", "third try"), None, at(3))
            .unwrap_err();
        assert!(matches!(error, StoreError::PublishedDefinition { .. }));
        assert!(
            store
                .set_survey_state("visit", SurveyState::Draft, None, at(0))
                .is_err(),
            "what was published stays published"
        );
        store
            .set_survey_state("visit", SurveyState::Closing, None, at(0))
            .unwrap();
    });
}

#[test]
fn without_one_open_round_there_is_no_default() {
    on_each(|database| {
        let store = database.open();
        store.seed(&folder(Vec::new()), at(0)).unwrap();
        change(&store, "2027", RoundState::Open);
        assert_eq!(store.default_round().unwrap(), None);
        change(&store, "2026", RoundState::Closed);
        assert_eq!(store.default_round().unwrap().as_deref(), Some("2027"));
        change(&store, "2027", RoundState::Closed);
        assert_eq!(store.default_round().unwrap(), None);
    });
}

fn change(store: &Store, round: &str, state: RoundState) {
    let change = RoundChange {
        state: Some(state),
        actor: "ann".to_owned(),
        ..RoundChange::default()
    };
    store.change_round(round, &change, at(9)).unwrap();
}
