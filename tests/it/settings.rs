//! Settings: the documented list is the real one, and the program shows the effective ones without secrets.

use std::path::Path;
use std::process::{Command, Output};

use innogauge::settings::markdown;

fn config(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .arg("config")
        .args(arguments)
        .env_remove("INNOGAUGE_DATABASE")
        .envs(environment.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_documented_settings_are_the_real_ones() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md")).unwrap();
    let table = &page[page.find("| setting |").unwrap()..];
    assert!(
        table == markdown(),
        "docs/settings.md is not up to date: put the output of `innogauge config --markdown` below its last heading"
    );
}

#[test]
fn the_program_shows_what_is_effective_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("innogauge.yaml"),
        "workers: 3\nmetrics_token: geheim\n",
    )
    .unwrap();
    let output = config(
        folder.path(),
        &[("INNOGAUGE_DATABASE", "postgres://u:hunter2@db/x")],
        &["--set", "limits.headers=3s"],
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let squeezed: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "workers 3 (innogauge.yaml:1:1)",
        "metrics_token *** (innogauge.yaml:2:1)",
        "limits.headers 3s (--set)",
        "database postgres://u:…@db/x (INNOGAUGE_DATABASE)",
    ] {
        assert!(squeezed.iter().any(|one| one == line), "{line} is missing from\n{text}");
    }
    assert!(!text.contains("hunter2") && !text.contains("geheim"));
}

#[test]
fn an_unknown_setting_is_refused_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let output = config(
        folder.path(),
        &[("INNOGAUGE_LISTN", "0.0.0.0:80")],
        &["--set", "drian=1s"],
    );
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("did you mean INNOGAUGE_LISTEN?") && text.contains("did you mean 'drain'?"),
        "{text}"
    );
}
