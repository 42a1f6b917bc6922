//! Exports of ODK Central and KoboToolbox, written as their exporters write them, are imported as they are.
//!
//! One set of responses is written in every kind of export with every option that changes the file, and each must give
//! the answers that the same responses give through the API.

mod arbitrary;
mod central;
mod faults;
mod kobo;
mod server;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use innogauge::definition::Definition;
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Form, ReviewState};
use innogauge::spreadsheet::{Accepted, Head, ImportOptions, ImportPlan, Limits, ReadAs, Workbook, plan};
use serde_json::{Value as Json, json};

use crate::workbooks::worker;

pub const DEFINITION: &str = r#"
survey: firms
version: "2.0"
title: {zh: 企业, en: Firms}
languages: {zh: 中文, en: English}
choices:
  yes_no: {1: {zh: 是, en: "Yes"}, 0: {zh: 否, en: "No"}}
  city: [{name: "230400", label: {zh: 鹤岗市, en: Hegang}}, {name: "230500", label: {zh: 双鸭山市, en: Shuangyashan}}]
  source: {own: {zh: 自有 资金, en: Own funds}, bank: {zh: 银行贷款, en: Bank loan}, state: {zh: 政府资金, en: Public funds}}
questions:
  - {type: start, name: started}
  - {type: end, name: ended}
  - {type: deviceid, name: device}
  - type: group
    name: firm
    label: {zh: 基本情况, en: The firm}
    questions:
      - {type: text, name: org, label: {zh: 名称, en: Name}, identifying: true, required: true}
      - {type: text, name: phone, label: {zh: 电话, en: Phone}, personal: true}
      - {type: select_one city, name: city, label: {zh: 所在地, en: City}, required: true}
      - {type: geopoint, name: place, label: {zh: 位置, en: Place}}
      - type: group
        name: size
        label: {zh: 规模, en: Size}
        questions:
          - {type: integer, name: staff, label: {zh: 人数, en: Staff}, unit: persons, missing: [dont_know, refused], constraint: . >= 0}
          - type: decimal
            name: turnover
            label: {zh: 营业收入, en: Turnover}
            unit: 10k_cny
            missing: [dont_know, refused]
            warn_if: [{test: . > 100000, message: {zh: 请核对, en: Is the unit right?}}]
      - {type: date, name: founded, label: {zh: 成立日期, en: Founded}}
      - {type: dateTime, name: met, label: {zh: 会面时间, en: Met at}}
      - {type: time, name: opens, label: {zh: 开门时间, en: Opens at}}
  - {type: select_one yes_no, name: has_rd, label: {zh: 有研发吗, en: R&D?}, missing: [refused]}
  - {type: decimal, name: rd, label: {zh: 研发支出, en: R&D expenditure}, relevant: "${has_rd} = '1'"}
  - {type: calculate, name: twice, calculation: "if(${rd} != '', ${rd} * 2, '')", data_type: decimal}
  - {type: select_multiple source, name: money, label: {zh: 资金来源, en: Funds}, missing: [refused]}
  - {type: image, name: gate, label: {zh: 大门, en: The gate}}
  - {type: acknowledge, name: agreed, label: {zh: 同意, en: Agreed}}
  - type: repeat
    name: product
    label: {zh: 产品, en: Products}
    questions:
      - {type: text, name: name, label: {zh: 产品名称, en: Product}, required: true}
      - type: group
        name: sold
        label: {zh: 销售, en: Sales}
        questions:
          - {type: decimal, name: share, label: {zh: 占比, en: Share}, constraint: ". <= 100"}
          - {type: select_multiple source, name: paid, label: {zh: 资金来源, en: Funds}}
      - type: repeat
        name: part
        label: {zh: 部件, en: Parts}
        questions: [{type: text, name: piece, label: {zh: 部件名称, en: Part}}]
"#;

pub fn form() -> Arc<Form> {
    form_of(DEFINITION)
}

pub fn form_of(yaml: &str) -> Arc<Form> {
    let checked = Definition::from_yaml("firms.yaml", yaml).unwrap_or_else(|found| panic!("{found:?}"));
    Form::new(checked.value)
}

/// A response on the server that exports it.
#[derive(Debug, Clone)]
pub struct Exported {
    pub uuid: &'static str,
    pub answers: Json,
    /// The instance ID that it had before it was edited there.
    pub first_uuid: Option<&'static str>,
    pub version: &'static str,
    pub review: &'static str,
}

impl Exported {
    pub fn new(uuid: &'static str, answers: Json) -> Self {
        Self {
            uuid,
            answers,
            first_uuid: None,
            version: "2.0",
            review: "",
        }
    }
}

pub const FIRST: &str = "1f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11";
pub const SECOND: &str = "2f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b22";
pub const THIRD: &str = "3f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b33";
pub const FOURTH: &str = "4f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b44";

/// Everything answered; little answered; reasons instead of answers; as many as a phone lets through.
pub fn responses() -> Vec<Exported> {
    let full = json!({
        "started": "2026-03-01T08:30:00.000+08:00", "ended": "2026-03-01T09:10:30.500+08:00", "device": "collect:abc",
        "firm": {
            "org": "鹤岗矿业机械有限公司", "phone": "0468-3344556", "city": "230400",
            "place": "47.3496 130.2978 120.5 4.9",
            "size": {"staff": 1200, "turnover": 3500.5},
            "founded": "2001-07-01", "met": "2026-02-28T14:00:00.000+08:00", "opens": "08:00:00.000+08:00",
        },
        "has_rd": "1", "rd": 120.25, "twice": 240.5, "money": ["own", "state"], "gate": "1764120000000.jpg", "agreed": "OK",
        "product": [
            {"name": "采煤机, \"MG\"", "sold": {"share": 60, "paid": ["bank"]}, "part": [{"piece": "截割头"}, {"piece": "摇臂"}]},
            {"name": "刮板输送机", "sold": {"share": 40, "paid": ["bank", "own"]}},
        ],
    });
    let little = json!({"firm": {"org": "双鸭山\n乙厂", "city": "230500"}, "has_rd": "0", "product": [
        {"name": "轴", "sold": {"share": 100}, "part": [{"piece": "键"}]},
    ]});
    let reasons = json!({
        "firm": {
            "org": "丙", "city": "230500", "place": "47.5 130.5 0 0",
            "size": {"staff": {"missing": "dont_know"}, "turnover": {"missing": "refused"}},
        },
        "has_rd": {"missing": "refused"}, "money": {"missing": "refused"},
    });
    let large = json!({
        "firm": {"org": "丁; 一", "city": "230400", "size": {"staff": 7, "turnover": 250_000.75}},
        "has_rd": "1", "rd": 0, "twice": 0, "money": ["bank"],
    });
    vec![
        Exported::new(FIRST, full),
        Exported::new(SECOND, little),
        Exported::new(THIRD, reasons),
        Exported::new(FOURTH, large),
    ]
}

/// What the API makes of the same answers.
pub fn through_the_api(form: &Arc<Form>, answers: &Json) -> Json {
    let (answers, problems) = Answers::from_json(form, answers);
    assert!(problems.is_empty(), "{problems:?}");
    answers.received_json()
}

pub fn at() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-04-01T08:30:00+08:00").unwrap()
}

/// What an export says of a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub instance_id: String,
    pub earlier_id: Option<String>,
    pub version: String,
    pub review: Option<ReviewState>,
    pub answers: Json,
}

pub fn read_with(forms: &[&Arc<Form>], path: &Path) -> (Workbook, Head, ImportPlan<Read>) {
    let mut workbook = worker(Limits::default())
        .open(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let head = Head::read(&mut workbook).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let options = ImportOptions::new("en", at());
    let keep = |accepted: Accepted| {
        let origin = accepted.origin.unwrap();
        let read = Read {
            instance_id: accepted.instance_id,
            earlier_id: origin.earlier_id,
            version: accepted.processed.answers.form().version().to_owned(),
            review: origin.review.map(|reviewed| reviewed.state),
            answers: accepted.processed.answers.received_json(),
        };
        accepted.sound.then_some(read)
    };
    let versions: Vec<ReadAs<'_>> = forms
        .iter()
        .map(|form| ReadAs {
            form,
            environment: &WallClock,
        })
        .collect();
    let plan = plan(&mut workbook, &head, &versions, &options, &keep, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    (workbook, head, plan)
}

pub fn read(form: &Arc<Form>, path: &Path) -> ImportPlan<Read> {
    read_with(&[form], path).2
}

/// The codes and cells of what was found that keeps rows out.
pub fn problems<T>(plan: &ImportPlan<T>) -> Vec<(String, &'static str)> {
    plan.problems()
        .map(|finding| (finding.at.to_string(), finding.code))
        .collect()
}

/// Holds the responses that an export gives against those that went in; a table without its repeats has none.
pub fn assert_all_arrived(form: &Arc<Form>, path: &Path, sent: &[Exported], with_repeats: bool, what: &str) {
    let plan = read(form, path);
    assert!(plan.is_sound(), "{what}: {:#?}", plan.findings);
    assert_eq!(plan.accepted.len(), sent.len(), "{what}");
    for (arrived, sent) in plan.accepted.iter().zip(sent) {
        let mut expected = sent.answers.clone();
        if !with_repeats && let Some(object) = expected.as_object_mut() {
            object.remove("product");
        }
        assert_eq!(arrived.instance_id, format!("uuid:{}", sent.uuid), "{what}");
        assert_eq!(arrived.answers, through_the_api(form, &expected), "{what}");
    }
}

/// A file in a folder that is thrown away with it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}
