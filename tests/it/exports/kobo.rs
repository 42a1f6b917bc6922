//! KoboToolbox: an .xlsx with a sheet per repeat, or a .csv with semicolons, by names or by labels.

use std::path::PathBuf;
use std::sync::Arc;

use innogauge::definition::{Element, ElementId, QuestionType};
use innogauge::response::{Form, ReviewState};
use rust_xlsxwriter::Workbook as Output;
use serde_json::{Value as Json, json};

use super::table::{Entry, Phone, Question};
use super::*;

/// How selects of several are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiple {
    Summary,
    Details,
    Both,
}

/// What can be chosen before exporting.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub xlsx: bool,
    /// "XML values and headers", else labels in a language.
    pub labels: Option<&'static str>,
    /// "Include groups in headers", with what stands between them.
    pub groups: Option<&'static str>,
    pub multiple: Multiple,
}

const COPIED: [&str; 10] = [
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "meta/rootUuid",
];

fn word(step: &Element, options: Options) -> String {
    let label = options.labels.and_then(|language| step.label.exact(language));
    label.map_or_else(|| step.name.clone(), str::to_owned)
}

/// The headers of a question: the whole, its choices, its coordinates.
fn headers(phone: &Phone, question: &Question<'_>, options: Options) -> Vec<String> {
    let separator = options.groups.unwrap_or("/");
    let own = word(question.element, options);
    let groups: Vec<String> = question.steps[..question.steps.len() - 1]
        .iter()
        .map(|step| word(step, options))
        .collect();
    let before = match options.groups {
        Some(_) if !groups.is_empty() => format!("{}{separator}", groups.join(separator)),
        _ => String::new(),
    };
    let whole = format!("{before}{own}");
    match question.kind {
        // The point as a whole is the one header that has no groups.
        QuestionType::Geopoint => {
            let parts = ["latitude", "longitude", "altitude", "precision"];
            let parts = parts.map(|part| format!("{before}_{own}_{part}"));
            std::iter::once(own).chain(parts).collect()
        }
        QuestionType::SelectMultiple(_) => {
            let mut headers = Vec::new();
            if options.multiple != Multiple::Details {
                headers.push(whole.clone());
            }
            if options.multiple != Multiple::Summary {
                let choices = phone.choices(question, options.labels);
                headers.extend(choices.iter().map(|(_, label)| format!("{whole}{separator}{label}")));
            }
            headers
        }
        QuestionType::Image => vec![whole.clone(), format!("{whole}_URL")],
        _ => vec![whole],
    }
}

fn cells(phone: &Phone, question: &Question<'_>, entry: &Entry<'_>, options: Options) -> Vec<String> {
    let text = phone.text(question, entry);
    let labelled = |name: &str| {
        let choices = phone.choices(question, options.labels);
        choices
            .into_iter()
            .find(|(choice, _)| choice == name)
            .map_or_else(|| name.to_owned(), |(_, label)| label)
    };
    match question.kind {
        QuestionType::SelectOne(_) if !text.is_empty() => vec![labelled(&text)],
        QuestionType::Geopoint => {
            let parts: Vec<&str> = text.split_whitespace().collect();
            let parts: Vec<String> = (0..4)
                .map(|part| (*parts.get(part).unwrap_or(&"")).to_owned())
                .collect();
            std::iter::once(text.clone()).chain(parts).collect()
        }
        QuestionType::SelectMultiple(_) => {
            let chosen: Vec<&str> = text.split_whitespace().collect();
            let mut cells = Vec::new();
            if options.multiple != Multiple::Details {
                cells.push(chosen.iter().map(|name| labelled(name)).collect::<Vec<_>>().join(" "));
            }
            if options.multiple != Multiple::Summary {
                cells.extend(phone.choices(question, None).iter().map(|(name, _)| {
                    if chosen.is_empty() {
                        String::new()
                    } else {
                        u8::from(chosen.contains(&name.as_str())).to_string()
                    }
                }));
            }
            cells
        }
        QuestionType::Image if text.is_empty() => vec![String::new(), String::new()],
        QuestionType::Image => vec![text.clone(), format!("https://kobo.example/media?file={text}")],
        _ => vec![text],
    }
}

/// The rows of a table, its headers first.
fn table(form: &Arc<Form>, repeat: Option<ElementId>, responses: &[Exported], options: Options) -> Vec<Vec<String>> {
    let phone = Phone::of(form);
    // Kobo leaves notes out, and puts its own records in.
    let questions = phone.questions(repeat);
    let all: Vec<&Json> = responses.iter().map(|response| &response.answers).collect();
    let mut header: Vec<String> = questions
        .iter()
        .flat_map(|question| headers(&phone, question, options))
        .collect();
    let around = repeat.and_then(|repeat| phone.asked.repeat_around(repeat));
    if repeat.is_none() {
        header.push("formhub/uuid".to_owned());
        header.extend(COPIED.map(str::to_owned));
        header.push("_index".to_owned());
    } else {
        header.extend(["_index", "_parent_table_name", "_parent_index"].map(str::to_owned));
        header.extend(COPIED.map(|copied| format!("_submission_{copied}")));
    }
    let mut rows = vec![header];
    for (number, entry) in phone.entries(repeat, &all).into_iter().enumerate() {
        let response = &responses[entry.response];
        let mut row: Vec<String> = questions
            .iter()
            .flat_map(|question| cells(&phone, question, &entry, options))
            .collect();
        let root = response.first_uuid.unwrap_or(response.uuid);
        let copied = [
            (101 + entry.response).to_string(),
            response.uuid.to_owned(),
            "2026-03-01T01:15:00".to_owned(),
            response.review.to_owned(),
            String::new(),
            "submitted_via_web".to_owned(),
            "enumerator".to_owned(),
            "vN9dXq2mZ".to_owned(),
            String::new(),
            format!("uuid:{root}"),
        ];
        if repeat.is_none() {
            row.push("0b1c".to_owned());
            row.extend(copied);
            row.push((number + 1).to_string());
        } else {
            let table = around.map_or("企业", |around| &phone.asked.element(around).name);
            let parent = entry.around.unwrap_or(entry.response) + 1;
            row.extend([(number + 1).to_string(), table.to_owned(), parent.to_string()]);
            row.extend(copied);
        }
        rows.push(row);
    }
    rows
}

pub fn write(folder: &Folder, form: &Arc<Form>, responses: &[Exported], options: Options) -> PathBuf {
    if !options.xlsx {
        let mut out = csv::WriterBuilder::new()
            .delimiter(b';')
            .quote_style(csv::QuoteStyle::Always)
            .from_writer("\u{feff}".as_bytes().to_vec());
        for row in table(form, None, responses, options) {
            out.write_record(row).unwrap();
        }
        return folder.write("企业.csv", out.into_inner().unwrap());
    }
    let path = folder.path("企业.xlsx");
    let mut output = Output::new();
    let phone = Phone::of(form);
    let repeats = phone.repeats();
    let tables =
        std::iter::once(("企业", None)).chain(repeats.iter().map(|repeat| (repeat.name.as_str(), Some(repeat.id))));
    for (name, repeat) in tables {
        let sheet = output.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in (0..).zip(table(form, repeat, responses, options)) {
            for (column, text) in (0..).zip(cells) {
                // Numbers are stored as such, unless "store as text" is ticked.
                match text.parse::<f64>() {
                    Ok(number) if row > 0 => sheet.write_number(row, column, number).unwrap(),
                    _ => sheet.write_string(row, column, text).unwrap(),
                };
            }
        }
    }
    output.save(&path).unwrap();
    path
}

pub fn all() -> Vec<Options> {
    let mut all = Vec::new();
    for xlsx in [false, true] {
        for labels in [None, Some("zh"), Some("en")] {
            for groups in [None, Some("/"), Some("-")] {
                for multiple in [Multiple::Summary, Multiple::Details, Multiple::Both] {
                    all.push(Options {
                        xlsx,
                        labels,
                        groups,
                        multiple,
                    });
                }
            }
        }
    }
    all
}

#[test]
fn kobo_gives_the_same_answers_whatever_was_chosen_before_exporting() {
    let form = form();
    for options in all() {
        let folder = Folder::new();
        let path = write(&folder, &form, &responses(), options);
        assert_all_arrived(&form, &path, &sent(options), options.xlsx, &format!("{options:?}"));
    }
}

/// The responses as an export can give them: with a column per choice alone, the order of the choices is lost.
fn sent(options: Options) -> Vec<Exported> {
    let mut sent = responses();
    if options.multiple == Multiple::Details {
        sent[0].answers["product"][1]["sold"]["paid"] = json!(["own", "bank"]);
    }
    sent
}

#[test]
fn validation_states_are_known_by_code_and_by_label() {
    let form = form();
    let folder = Folder::new();
    let mut sent = responses();
    let codes = [
        "validation_status_approved",
        "validation_status_on_hold",
        "validation_status_not_approved",
        "",
    ];
    let labels = ["Approved", "On hold", "Not approved", ""];
    for (words, labelled) in [(codes, None), (labels, Some("en"))] {
        for (response, review) in sent.iter_mut().zip(words) {
            response.review = review;
        }
        let options = Options {
            xlsx: true,
            labels: labelled,
            groups: Some("/"),
            multiple: Multiple::Both,
        };
        let plan = read(&form, &write(&folder, &form, &sent, options));
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
    }
}

#[test]
fn what_was_edited_there_names_what_it_was() {
    let form = form();
    let folder = Folder::new();
    let mut sent = responses();
    sent[0].first_uuid = Some(SECOND);
    sent.remove(1);
    let options = Options {
        xlsx: true,
        labels: None,
        groups: Some("/"),
        multiple: Multiple::Both,
    };
    let plan = read(&form, &write(&folder, &form, &sent, options));
    assert_eq!(plan.accepted[0].earlier_id, Some(format!("uuid:{SECOND}")));
    assert_eq!(plan.accepted[1].earlier_id, None);
}
