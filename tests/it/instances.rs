//! Instances: whatever a survey's answers are, they are read back as they were written.

use std::path::Path;
use std::sync::Arc;

use innogauge::definition::{Definition, load_folder};
use innogauge::response::instance::{Head, InstanceError, Names, read, write};
use innogauge::response::{Answer, Answers, Form, InstanceId, Limits, parse_text};
use rand::RngExt as _;
use rand::seq::IndexedRandom;

use crate::filling::Filler;

/// Groups, repeats in repeats, a table, and questions of one name in two places.
const NESTED: &str = r#"
survey: nested
version: "2026.1"
title: Nested
languages: {zh: 中文, en: English}
settings: {instance_xmlns: "http://example.org/nested", client_editable: true}
choices:
  scale: {1: {zh: 差, en: Poor}, 5: {zh: 好, en: Good}}
questions:
  - type: repeat
    name: sites
    label: {zh: 厂区, en: Sites}
    questions:
      - {type: decimal, name: area, label: {zh: 面积, en: Area}, missing: [dont_know, refused]}
      - type: group
        name: products
        label: {zh: 产品, en: Products}
        questions:
          - type: repeat
            name: lines
            label: {zh: 生产线, en: Lines}
            repeat_count: 2
            questions:
              - {type: integer, name: area, label: {zh: 面积, en: Area}, missing: [refused], warn_if: [{test: . > 9, message: {zh: 大, en: Large}}]}
              - type: repeat
                name: shifts
                label: {zh: 班次, en: Shifts}
                questions:
                  - {type: time, name: begins, label: {zh: 开始, en: Begins}}
          - {type: text, name: remark, label: {zh: 备注, en: Remark}}
  - type: group
    name: grid
    label: {zh: 评价, en: Ratings}
    appearance: table-list
    questions:
      - {type: select_one scale, name: speed, label: {zh: 速度, en: Speed}, missing: [dont_know]}
      - {type: select_one scale, name: price, label: {zh: 价格, en: Price}}
"#;

fn definitions() -> Vec<Arc<Definition>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs");
    let loaded = load_folder(&folder)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .value;
    let mut definitions: Vec<Arc<Definition>> = loaded
        .surveys
        .iter()
        .map(|survey| Arc::new(Definition::clone(&survey.definition)))
        .collect();
    for text in [NESTED, include_str!("fixtures/everything.yaml")] {
        let read = Definition::from_yaml("survey.yaml", text);
        definitions.push(Arc::new(read.unwrap_or_else(|errors| panic!("{errors:#?}")).value));
    }
    definitions
}

/// Some answers to a survey, some missing codes, and now and then something that can't be read.
fn answers(form: &Arc<Form>, seed: u64) -> Answers {
    let mut filler = Filler::new(form.definition(), seed);
    let mut answers = Answers::new(form);
    for repeat in form.elements().iter().filter(|element| element.is_repeat()) {
        let around = form.repeat_around(repeat.id);
        for within in around.map_or_else(|| vec![InstanceId::ROOT], |around| answers.instances_of(around)) {
            for _ in 0..filler.random.random_range(0..3) {
                answers.add_instance(within, repeat.id, Limits::default()).unwrap();
            }
        }
    }
    for (element, question_type) in form.questions() {
        for instance in answers.instances_of(element.id) {
            let answer = match filler.random.random_range(0..10) {
                0..=5 => filler
                    .text(element, question_type)
                    .map(|text| parse_text(form, element.id, &text).unwrap()),
                6 => element.missing.choose(&mut filler.random).copied().map(Answer::Missing),
                7 if question_type.name() == "text" => Some(Answer::text(" <a>\r\n&amp; ]]>\t\u{1f600} ")),
                7 if question_type.name() == "integer" => Some(Answer::text("about 7")),
                _ => None,
            };
            answers.set(instance, element.id, answer.unwrap_or_default());
        }
    }
    answers
}

#[test]
fn what_is_written_is_read_back_as_it_was() {
    for definition in definitions() {
        let form = Form::new(definition);
        for seed in 0..40 {
            let given = answers(&form, seed);
            let names = Names {
                instance_id: "uuid:b",
                deprecated_id: Some("uuid:a").filter(|_| seed % 2 == 0),
            };
            let xml = write(&given, &names);
            let head = Head::read(xml.as_bytes()).unwrap();
            assert_eq!(
                (head.form_id.as_str(), head.version.as_str()),
                (form.survey(), form.version())
            );
            assert_eq!(head.instance_id.as_deref(), Some(names.instance_id));
            assert_eq!(head.deprecated_id.as_deref(), names.deprecated_id);
            let (again, problems) = read(xml.as_bytes(), &form).unwrap();
            assert_eq!(again.received_json(), given.received_json(), "{xml}");
            let unread: Vec<&str> = problems.iter().filter_map(|problem| problem.value.as_deref()).collect();
            assert!(unread.iter().all(|value| *value == "about 7"), "{problems:#?}");
            assert_eq!(unread.len(), xml.matches(">about 7<").count());
        }
    }
}

#[test]
fn broken_bytes_are_refused_or_read_and_never_a_panic() {
    let form = Form::new(definitions().swap_remove(3));
    let names = Names {
        instance_id: "uuid:b",
        deprecated_id: None,
    };
    let xml = write(&answers(&form, 7), &names).trim_end().to_owned().into_bytes();
    for at in (0..xml.len()).step_by(3) {
        let mut cut = xml.clone();
        cut.truncate(at);
        assert!(read(&cut, &form).is_err() && Head::read(&cut).is_err(), "{at}");
        for byte in [b'<', b'&', b'>', b'"', 0, 0xff] {
            let mut changed = xml.clone();
            changed[at] = byte;
            // Whatever it is, it is the same to both.
            let (answers, head) = (read(&changed, &form), Head::read(&changed));
            if let (Err(answers), Err(head)) = (&answers, &head) {
                assert_eq!(answers, head);
            }
            assert_eq!(
                answers.is_ok(),
                head.is_ok() || is_without_id(&changed),
                "{}",
                String::from_utf8_lossy(&changed)
            );
        }
    }
}

/// Whether the damage hit the id of the form, which only the head needs.
fn is_without_id(xml: &[u8]) -> bool {
    matches!(Head::read(xml), Err(InstanceError::NoFormId { .. }))
}

#[test]
fn an_instance_without_answers_has_every_node_of_the_form_and_no_entry() {
    let form = Form::new(definitions().swap_remove(3));
    let names = Names {
        instance_id: "uuid:b",
        deprecated_id: None,
    };
    insta::assert_snapshot!(write(&Answers::new(&form), &names));
}
