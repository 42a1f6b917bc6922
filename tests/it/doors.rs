//! What every door has in common: the lists of a definition, and what an import takes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chrono::Utc;
use innogauge::response::{Answers, Door};
use innogauge::store::{Filter, Store, StoreError};
use innogauge::study::{Catalogue, Names, Reception};
use serde_json::{Value, json};

const SURVEY: &str = "\
survey: shop
version: '1'
title: Shops
questions:
  - {type: text, name: name, label: Name, required: true}
  - {type: text, name: sector, label: Sector}
  - type: calculate
    name: sector_label
    calculation: pulldata('sectors', 'label', 'name', ${sector})
";

fn import(folder: &Path, rows: &str, options: &[&str]) -> Output {
    let file = folder.join("shops.csv");
    fs::write(&file, rows).unwrap();
    Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(["import", "shop"])
        .arg(&file)
        .args(options)
        .env(
            "INNOGAUGE_DATABASE",
            format!("sqlite:{}", folder.join("shops.db").display()),
        )
        .env("INNOGAUGE_DEFS", folder.join("defs"))
        .output()
        .unwrap()
}

fn study(folder: &Path) {
    let defs = folder.join("defs");
    fs::create_dir_all(defs.join("shop-media")).unwrap();
    fs::write(defs.join("shop.yaml"), SURVEY).unwrap();
    fs::write(
        defs.join("shop-media/sectors.csv"),
        "\u{feff}name,label\nC,Manufacturing\n",
    )
    .unwrap();
}

#[test]
fn the_lists_of_a_definition_are_at_hand_at_every_door() {
    let folder = tempfile::tempdir().unwrap();
    study(folder.path());
    let output = import(folder.path(), "innogauge:shop:1:rows,name,sector\n1,Tailor,C\n", &[]);
    assert!(output.status.success(), "{output:?}");

    let store = Store::open(&format!("sqlite:{}", folder.path().join("shops.db").display())).unwrap();
    let catalogue = Catalogue::load(&store).unwrap();
    let version = catalogue.newest("shop").unwrap();
    let round = catalogue.open_round(None).unwrap();
    for door in [Door::Json, Door::OpenRosa] {
        let reception = Reception::new(&store, version, Some(round), door, Utc::now()).unwrap();
        let (answers, problems) = Answers::from_json(&version.form, &json!({"name": "Smith", "sector": "C"}));
        let processed = reception.process(answers, problems);
        assert!(processed.is_sound(), "{:?}", processed.problems);
        let names = Names {
            instance_id: format!("uuid:{}", door.name()),
            ..Names::default()
        };
        let submission = reception.submission(names, &processed, door.name().as_bytes()).unwrap();
        store.submit_blocking(&submission).unwrap();
    }
    let mut labels = Vec::new();
    store
        .for_each_response::<StoreError>(&Filter::of_survey("shop"), |response| {
            let answers: Value = response.answers.read()?;
            labels.push(answers["sector_label"].clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(
        labels,
        [json!("Manufacturing"), json!("Manufacturing"), json!("Manufacturing")]
    );
}

#[test]
fn leaving_rows_out_does_not_mend_a_column_that_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    study(folder.path());
    let rows = "innogauge:shop:1:rows,name,setcor\n1,Tailor,C\n";
    let output = import(folder.path(), rows, &["--valid-rows"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("nothing was imported"), "{said}");
}
