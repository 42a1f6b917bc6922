//! The commands `user`, `token` and `migrate`, as a person at a terminal meets them.

use std::path::Path;
use std::process::{Command, Output};

use innogauge::store::{Store, password_matches};

use super::{VISIT, at};
use crate::databases::{on_each, wait_for};

/// Runs a command with the definitions of a folder.
fn innogauge(database: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(arguments)
        .env("INNOGAUGE_DATABASE", database)
        .env("INNOGAUGE_DEFS", folder)
        .output()
        .unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().trim().to_owned()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("visit.yaml"), VISIT).unwrap();
    let places = "places:\n- {code: 230700, label: {zh: 伊春市, en: Yichun}, level: prefecture, kind: target}\n";
    std::fs::write(folder.path().join("places.yaml"), places).unwrap();
    folder
}

#[test]
fn a_user_and_a_token_are_made_from_the_command_line() {
    let folder = folder();
    on_each(|database| {
        let run = |arguments: &[&str]| innogauge(&database.url, folder.path(), arguments);
        let added = run(&["user", "add", "ann", "--role", "field", "--city", "230700"]);
        assert!(added.status.success(), "{}", words(&added.stderr));
        let password = words(&added.stdout);
        let store = Store::open(&database.url).unwrap();
        let (user, hash) = store.user_for_sign_in("ann").unwrap().unwrap();
        assert!(password_matches(&password, &hash) && user.must_change_password);
        assert_eq!(words(&run(&["user", "list"]).stdout), "ann\tfield\t230700");

        let change = ["user", "change", "ann", "--role", "viewer", "--all-cities"];
        assert!(run(&change).status.success());
        assert_eq!(words(&run(&["user", "list"]).stdout), "ann\tviewer\tall cities");
        let back = [
            "user",
            "change",
            "ann",
            "--role",
            "field",
            "--city",
            "230700",
            "--require-second-factor",
            "true",
        ];
        assert!(run(&back).status.success());
        assert!(store.user("ann").unwrap().second_factor_required);
        let limited = ["--city", "230700", "--act", "submit_responses", "read_surveys"];
        let made = run(&[&["token", "ann", "--survey", "visit", "--expires", "30"][..], &limited].concat());
        let holder = wait_for(store.token_holder(&words(&made.stdout), at(0)))
            .unwrap()
            .unwrap();
        assert_eq!(holder.token.surveys.unwrap(), ["visit"]);
        assert_eq!(holder.token.cities.unwrap(), ["230700"]);
        assert_eq!(holder.token.acts.unwrap(), ["submit_responses", "read_surveys"]);

        let replaced = words(&run(&["user", "password", "ann"]).stdout);
        assert!(password_matches(
            &replaced,
            &store.user_for_sign_in("ann").unwrap().unwrap().1
        ));
        assert!(run(&["user", "disable", "ann"]).status.success());
        assert_eq!(words(&run(&["user", "list"]).stdout), "ann\tfield\t230700\tdisabled");
    });
}

#[test]
fn a_wrong_name_is_told_with_the_one_that_was_meant_and_changes_nothing() {
    let folder = folder();
    on_each(|database| {
        let refused = |arguments: &[&str], code: i32, message: &str| {
            let output = innogauge(&database.url, folder.path(), arguments);
            let said = words(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{said}");
            assert!(said.contains(message), "{said}");
        };
        refused(
            &["user", "add", "ann", "--role", "field", "--city", "230701"],
            1,
            "did you mean '230700'?",
        );
        refused(
            &["user", "add", "ann", "--role", "boss"],
            2,
            "administrator, supervisor",
        );
        refused(&["user", "disable", "ann"], 1, "there is no user 'ann'");
        assert!(
            innogauge(
                &database.url,
                folder.path(),
                &["user", "add", "ann", "--role", "viewer"]
            )
            .status
            .success()
        );
        refused(
            &["user", "add", "ann", "--role", "viewer"],
            1,
            "there is a user 'ann' already",
        );
        refused(&["token", "ann", "--survey", "visti"], 1, "did you mean 'visit'?");
        refused(
            &["token", "ann", "--act", "submit_response"],
            1,
            "did you mean 'submit_responses'?",
        );
        refused(&["token", "ann", "--expires", "0"], 2, "0");
    });
    refused_by_system("sqlite:/nowhere/at/all.db", folder.path());
    refused_by_system("postgres://127.0.0.1:1/innogauge", folder.path());
}

fn refused_by_system(database: &str, folder: &Path) {
    let output = innogauge(database, folder, &["migrate"]);
    assert_eq!(output.status.code(), Some(3), "{}", words(&output.stderr));
}

#[test]
fn whichever_command_comes_first_brings_the_definitions_in_and_a_changed_one_is_refused() {
    on_each(|database| {
        let folder = folder();
        let first = innogauge(&database.url, folder.path(), &["user", "list"]);
        assert!(first.status.success(), "{}", words(&first.stderr));
        assert_eq!(Store::open(&database.url).unwrap().definitions().unwrap().len(), 1);

        let changed = VISIT.replace("What was found", "What you saw");
        std::fs::write(folder.path().join("visit.yaml"), &changed).unwrap();
        let refused = innogauge(&database.url, folder.path(), &["migrate"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            words(&refused.stderr).ends_with("raise the version"),
            "{}",
            words(&refused.stderr)
        );

        std::fs::write(
            folder.path().join("visit.yaml"),
            changed.replace("version: 1", "version: 2"),
        )
        .unwrap();
        let raised = words(&innogauge(&database.url, folder.path(), &["migrate"]).stdout);
        assert!(
            raised.contains("visit 1 published") && raised.contains("visit 2 published"),
            "{raised}"
        );

        std::fs::remove_dir_all(folder.path()).unwrap();
        let without = innogauge(&database.url, folder.path(), &["user", "list"]);
        assert!(
            without.status.success(),
            "what is in the database needs no folder: {}",
            words(&without.stderr)
        );
    });
}
