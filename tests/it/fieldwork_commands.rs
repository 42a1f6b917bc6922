//! The fieldwork without a browser: the commands do what the API does, and print the same documents.

use std::fmt::Write as _;
use std::process::{Command, Output};

use innogauge::response::Role;
use innogauge::store::Store;
use serde_json::{Value, json};

use crate::app::{TestApp, definitions, seed};
use crate::databases::{keys_for, on_each};
use crate::supervisor_week::code;

fn innogauge(database: &str, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innogauge"));
    command
        .args(line.split_whitespace())
        .env("INNOGAUGE_DATABASE", database)
        .env("INNOGAUGE_DEFS", definitions());
    if let Some(keys) = keys_for(database) {
        command.env("INNOGAUGE_KEYS", keys);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_str(&said(output)).unwrap()
}

#[test]
fn a_week_of_fieldwork_at_the_command_line_is_what_the_api_shows() {
    on_each(|database| {
        seed(&Store::open(&database.url).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let register = folder.path().join("register.csv");
        let mut table = String::from("单位名称,统一社会信用代码,城市,规模\n");
        for number in 0..12 {
            writeln!(table, "Works {number},{},230700,small", code(number)).unwrap();
        }
        std::fs::write(&register, table).unwrap();
        let run = |line: &str| innogauge(&database.url, line);
        let firm = "--survey firm";
        said(&run(&format!("register {firm} load {}", register.display())));

        let drawn = printed(&run(&format!(
            "sample draw {firm} --size 5 --reserves 2 --seed 2026 --json"
        )));
        let again = run(&format!("sample draw {firm} --size 5 --seed 2026"));
        assert_eq!(again.status.code(), Some(1), "a stratum has one sample at a time");
        let members: Vec<&str> = drawn["members"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|member| member["reserve"] == false)
            .map(|member| member["code"].as_str().unwrap())
            .collect();
        assert_eq!(members.len(), 5);
        let shown = said(&run(&format!("sample show {} {firm}", drawn["id"])));
        assert!(shown.contains("reserve") && shown.contains(members[0]), "{shown}");

        let codes = members.join(" ");
        assert_eq!(
            said(&run(&format!("assign give field {codes} {firm}"))),
            "5 given to field\n"
        );
        assert_eq!(
            said(&run(&format!("assign withdraw {} {firm}", members[4]))),
            "1 taken back\n"
        );
        let visit = format!("visit record {} {firm} --member field", members[0]);
        assert_eq!(
            run(&format!("{visit} --outcome appointment")).status.code(),
            Some(1),
            "an appointment takes its time"
        );
        assert_eq!(
            run(&format!("{visit} --outcome refused --latitude 91 --longitude 0"))
                .status
                .code(),
            Some(1)
        );
        said(&run(&format!(
            "{visit} --outcome refused --latitude 47.7 --longitude 128.8"
        )));

        let app = TestApp::over(&database.url);
        let supervisor = app.token(Role::Supervisor);
        let get = |path: &str| app.get(&supervisor, &format!("/api/v1/surveys/firm/{path}")).json();
        assert_eq!(drawn, get(&format!("samples/{}", drawn["id"])));
        let listed = printed(&run(&format!("sample list {firm} --json")));
        assert_eq!(listed, get("samples"));
        let assigned = printed(&run(&format!("assign list {firm} --json")));
        assert_eq!(assigned, get("assignments")["assignments"]);
        assert_eq!(assigned.as_array().unwrap().len(), 4);
        let visits = printed(&run(&format!("visit list {} {firm} --json", members[0])));
        assert_eq!(visits, get(&format!("register/{}/visits", members[0])));
        assert_eq!(
            (&visits[0]["outcome"], &visits[0]["latitude"]),
            (&json!("refused"), &json!(47.7))
        );
        for by in ["total", "city", "size", "day", "member"] {
            let progress = printed(&run(&format!("progress {firm} --by {by} --json")));
            assert_eq!(progress, get(&format!("progress?by={by}")), "{by}");
        }
        let lines = said(&run(&format!("progress {firm} --by city")));
        let yichun = lines.lines().nth(1).unwrap();
        assert!(yichun.starts_with("230700\t-\t5\t4\t1\t0"), "{lines}");

        said(&run(&format!("sample withdraw {} {firm} --reason twice", drawn["id"])));
        assert!(said(&run(&format!("sample list {firm}"))).contains("withdrawn"));
    });
}

#[test]
fn every_command_of_the_fieldwork_shows_an_example() {
    for command in [
        "sample draw",
        "sample list",
        "sample show",
        "sample withdraw",
        "assign give",
        "assign withdraw",
        "assign list",
        "visit record",
        "visit list",
        "progress",
    ] {
        let help = said(&innogauge("sqlite::memory:", &format!("{command} --help")));
        let example = help.lines().find(|line| line.starts_with("  innogauge "));
        assert!(example.is_some_and(|line| line.contains(command)), "{command}: {help}");
    }
}
