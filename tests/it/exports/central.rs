//! ODK Central: a .csv of the responses, or a .zip with a table per repeat.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use innogauge::definition::{ElementId, QuestionType};
use innogauge::response::{Form, ReviewState};
use serde_json::{Value as Json, json};
use zip::ZipArchive;
use zip::write::SimpleFileOptions;

use super::table::{Phone, Question};
use super::*;

/// What can be chosen before downloading.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// "Remove group names" is not ticked.
    pub groups: bool,
    /// "Split select multiples" is ticked.
    pub split: bool,
    /// All tables, not the first alone.
    pub zip: bool,
}

/// A table as it is downloaded.
pub fn table(form: &Arc<Form>, repeat: Option<ElementId>, responses: &[Exported], options: Options) -> String {
    let phone = Phone::of(form);
    let questions = phone.questions(repeat);
    let all: Vec<&Json> = responses.iter().map(|response| &response.answers).collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = Vec::new();
    if repeat.is_none() {
        header.push("SubmissionDate".to_owned());
    }
    for question in &questions {
        let name = name(&phone, question, repeat, options);
        match question.kind {
            QuestionType::Geopoint => {
                header.extend(["Latitude", "Longitude", "Altitude", "Accuracy"].map(|part| format!("{name}-{part}")));
            }
            QuestionType::SelectMultiple(_) if options.split => {
                header.push(name.clone());
                let choices = phone.choices(question, None);
                header.extend(choices.iter().map(|(choice, _)| format!("{name}/{choice}")));
            }
            _ => header.push(name),
        }
    }
    if repeat.is_some() {
        header.extend(["PARENT_KEY", "KEY"].map(str::to_owned));
    } else {
        let meta = if options.groups {
            "meta-instanceID"
        } else {
            "instanceID"
        };
        header.push(meta.to_owned());
        header.extend(
                "KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion"
                    .split(',')
                    .map(str::to_owned),
            );
    }
    out.write_record(&header).unwrap();
    for entry in phone.entries(repeat, &all) {
        let response = &responses[entry.response];
        let key = format!("uuid:{}", response.first_uuid.unwrap_or(response.uuid));
        let mut row: Vec<String> = Vec::new();
        if repeat.is_none() {
            row.push("2026-03-01T01:15:00.000Z".to_owned());
        }
        for question in &questions {
            let text = phone.text(question, &entry);
            match question.kind {
                QuestionType::Geopoint => {
                    let parts: Vec<&str> = text.split_whitespace().collect();
                    row.extend((0..4).map(|part| (*parts.get(part).unwrap_or(&"")).to_owned()));
                }
                QuestionType::SelectMultiple(_) if options.split => {
                    row.push(text.clone());
                    let chosen: Vec<&str> = text.split_whitespace().collect();
                    let tick = |(name, _): &(String, String)| match (chosen.is_empty(), chosen.contains(&name.as_str()))
                    {
                        (true, _) => String::new(),
                        (false, true) => "1".to_owned(),
                        (false, false) => "0".to_owned(),
                    };
                    row.extend(phone.choices(question, None).iter().map(tick));
                }
                _ => row.push(text),
            }
        }
        if repeat.is_some() {
            let (own, around) = (entry.steps.join("/"), entry.steps[..entry.steps.len() - 1].join("/"));
            let parent = if around.is_empty() {
                key.clone()
            } else {
                format!("{key}/{around}")
            };
            row.extend([parent, format!("{key}/{own}")]);
        } else {
            row.extend([format!("uuid:{}", response.uuid), key]);
            row.extend(
                [
                    "12",
                    "李 明",
                    "0",
                    "1",
                    "",
                    response.review,
                    "collect:abc",
                    "0",
                    response.version,
                ]
                .map(str::to_owned),
            );
        }
        out.write_record(&row).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

/// A question's name in a table: groups joined by `-`, from the repeat on.
fn name(phone: &Phone, question: &Question<'_>, repeat: Option<ElementId>, options: Options) -> String {
    if !options.groups {
        return question.element.name.clone();
    }
    let around = repeat.map_or(0, |repeat| phone.asked.ancestors(repeat).count() + 1);
    let names: Vec<&str> = question.steps[around..].iter().map(|step| step.name.as_str()).collect();
    names.join("-")
}

pub fn write(folder: &Folder, form: &Arc<Form>, responses: &[Exported], options: Options) -> PathBuf {
    if !options.zip {
        return folder.write("firms.csv", table(form, None, responses, options));
    }
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    };
    add("media/1764120000000.jpg", b"\xFF\xD8\xFF");
    add("media/audit.csv", b"event,node,start,end\n");
    add("firms.csv", table(form, None, responses, options).as_bytes());
    for repeat in Phone::of(form).repeats() {
        let name = format!("firms-{}.csv", repeat.name);
        add(&name, table(form, Some(repeat.id), responses, options).as_bytes());
    }
    add(
        "firms - audit.csv",
        b"instance ID,event,node,start,end\nuuid:x,form start,,1764120000000,\n",
    );
    folder.write("firms.zip", zip.finish().unwrap().into_inner())
}

pub const ALL: [Options; 8] = {
    const fn options(groups: bool, split: bool, zip: bool) -> Options {
        Options { groups, split, zip }
    }
    [
        options(true, true, true),
        options(true, true, false),
        options(true, false, true),
        options(true, false, false),
        options(false, true, true),
        options(false, true, false),
        options(false, false, true),
        options(false, false, false),
    ]
};

#[test]
fn central_gives_the_same_answers_whatever_was_chosen_before_downloading() {
    let form = form();
    for options in ALL {
        let folder = Folder::new();
        let path = write(&folder, &form, &responses(), options);
        assert_all_arrived(&form, &path, &responses(), options.zip, &format!("{options:?}"));
    }
}

#[test]
fn a_zip_may_be_unpacked_before_it_is_imported() {
    let (form, folder) = (form(), Folder::new());
    let zip = File::open(write(&folder, &form, &responses(), ALL[0])).unwrap();
    let unpacked = folder.path("unpacked");
    ZipArchive::new(zip).unwrap().extract(&unpacked).unwrap();
    assert_all_arrived(&form, &unpacked, &responses(), true, "a folder");
}

#[test]
fn entries_keep_the_order_of_the_interview_in_tables_that_were_sorted() {
    let form = form();
    let folder = Folder::new();
    let parts: Vec<Json> = (1..=12).map(|part| json!({"piece": format!("piece {part}")})).collect();
    let answers = json!({"firm": {"org": "甲", "city": "230400"}, "has_rd": "0", "product": [
        {"name": "one", "sold": {"share": 60}, "part": parts},
        {"name": "two", "sold": {"share": 40}},
    ]});
    let sent = [Exported::new(FIRST, answers)];
    let sorted = |table: String| {
        let mut lines: Vec<&str> = table.lines().collect();
        lines[1..].sort_unstable_by(|one, other| other.cmp(one));
        lines.join("\n")
    };
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: String| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    };
    add("firms.csv", table(&form, None, &sent, ALL[0]));
    for repeat in Phone::of(&form).repeats() {
        let table = sorted(table(&form, Some(repeat.id), &sent, ALL[0]));
        add(&format!("firms-{}.csv", repeat.name), table);
    }
    let path = folder.write("firms.zip", zip.finish().unwrap().into_inner());
    assert_all_arrived(&form, &path, &sent, true, "sorted");
}

#[test]
fn a_table_without_its_repeats_says_so_and_the_log_of_interviews_is_left_alone() {
    let form = form();
    let folder = Folder::new();
    let alone = read(&form, &write(&folder, &form, &responses(), ALL[1]));
    let told: Vec<&str> = alone.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(
        told.iter().filter(|code| **code == "absent_table").count(),
        2,
        "{told:?}"
    );
    assert!(alone.findings[0].message.contains(".zip"));
    let whole = read(&form, &write(&folder, &form, &responses(), ALL[0]));
    let others = whole.findings.iter().filter(|finding| finding.code != "soft_check");
    assert_eq!(others.count(), 0, "{:?}", whole.findings);
}

#[test]
fn rows_say_how_they_were_reviewed_and_what_they_replace() {
    let form = form();
    let folder = Folder::new();
    let mut sent = responses();
    for (response, review) in sent.iter_mut().zip(["approved", "hasIssues", "rejected", "edited"]) {
        response.review = review;
    }
    sent[3].first_uuid = Some("9f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b99");
    let plan = read(&form, &write(&folder, &form, &sent, ALL[0]));
    assert!(plan.is_sound(), "{:?}", plan.findings);
    let states: Vec<_> = plan.accepted.iter().map(|one| one.review).collect();
    assert_eq!(
        states,
        [
            Some(ReviewState::Approved),
            Some(ReviewState::HasIssues),
            Some(ReviewState::Rejected),
            None
        ]
    );
    let edited = &plan.accepted[3];
    assert_eq!(edited.instance_id, format!("uuid:{FOURTH}"));
    assert_eq!(
        edited.earlier_id.as_deref(),
        Some("uuid:9f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b99")
    );
}

#[test]
fn each_row_is_read_as_the_version_that_it_answers() {
    let old = form_of(
        &DEFINITION
            .replace("\"2.0\"", "\"1.0\"")
            .replace("name: device}", "name: phone_id}"),
    );
    let new = form();
    let folder = Folder::new();
    let mut sent = vec![Exported::new(
        FIRST,
        json!({"firm": {"org": "甲", "city": "230400"}, "device": "x", "has_rd": "0"}),
    )];
    sent.push(Exported {
        version: "1.0",
        ..Exported::new(SECOND, json!({"firm": {"org": "乙", "city": "230400"}, "has_rd": "0"}))
    });
    sent.push(Exported {
        version: "0.9",
        ..Exported::new(THIRD, json!({"firm": {"org": "丙", "city": "230400"}, "has_rd": "0"}))
    });
    let path = write(&folder, &new, &sent, ALL[0]);
    let plan = read_with(&[&new, &old], &path).2;
    assert!(plan.is_sound(), "{:?}", plan.findings);
    let versions: Vec<&str> = plan.accepted.iter().map(|one| one.version.as_str()).collect();
    assert_eq!(versions, ["2.0", "1.0", "2.0"], "the newest where it is not known");

    // What only another version asks is no answer to this one.
    sent[1].answers["device"] = json!("y");
    let plan = read_with(&[&new, &old], &write(&folder, &new, &sent, ALL[0])).2;
    assert_eq!(problems(&plan), [("firms.csv!D3".to_owned(), "unknown_header")]);
    assert_eq!(plan.accepted.len(), 2);
}
