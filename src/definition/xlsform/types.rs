//! The types of rows in all spellings that pyxform takes.

use crate::definition::choices::{ChoiceSource, Select};
use crate::definition::question_type::{DataType, QuestionType};

/// What the type of a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowType {
    /// A group or repeat begins.
    Begin(Container),
    /// A group or repeat ends.
    End(Container),
    /// A question.
    Question(QuestionType),
    /// A question with choices.
    Select(Command, Select),
    /// A question whose type implies more than an answer.
    Preset(&'static Preset),
    /// A setting that old forms have in the survey.
    Setting(&'static str),
}

/// What holds questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    Group,
    Repeat,
    /// A group for each choice of a list.
    Loop(Option<String>),
}

impl Container {
    /// How messages name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Repeat => "repeat",
            Self::Loop(_) => "loop",
        }
    }

    /// Whether both are of one kind.
    pub fn is_kind_of(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// The command of a select.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    One,
    Multiple,
    Rank,
    /// One of the choices in the sheet `external_choices`.
    External,
}

/// A type that old forms use: a plain one with a rule and a hint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preset {
    pub name: &'static str,
    pub question_type: QuestionType,
    pub constraint: &'static str,
    pub hint: &'static str,
}

/// Why a type can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such type.
    Unknown,
    /// A select that names no list.
    NoList(String),
    /// More after the list of a select than it can have.
    AfterList(String),
    /// A type that innogauge does not ask.
    Unsupported(&'static str),
}

const SELECTS: [(&str, Command, bool); 15] = [
    ("select_one_from_file", Command::One, true),
    ("select_multiple_from_file", Command::Multiple, true),
    ("select one from file", Command::One, true),
    ("select multiple from file", Command::Multiple, true),
    ("select_one_external", Command::External, false),
    ("add select one prompt using", Command::One, false),
    ("add select multiple prompt using", Command::Multiple, false),
    ("select all that apply from", Command::Multiple, false),
    ("select all that apply", Command::Multiple, false),
    ("select one from", Command::One, false),
    ("select_multiple", Command::Multiple, false),
    ("select_one", Command::One, false),
    ("select one", Command::One, false),
    ("select1", Command::One, false),
    ("rank", Command::Rank, false),
];

/// Spellings beside those that a definition in YAML takes.
const ALIASES: [(&str, QuestionType); 55] = [
    ("q string", QuestionType::Text),
    ("add text prompt", QuestionType::Text),
    ("q int", QuestionType::Integer),
    ("add integer prompt", QuestionType::Integer),
    ("q decimal", QuestionType::Decimal),
    ("add decimal prompt", QuestionType::Decimal),
    ("q date", QuestionType::Date),
    ("add date prompt", QuestionType::Date),
    ("q date time", QuestionType::DateTime),
    ("q dateTime", QuestionType::DateTime),
    ("add date time prompt", QuestionType::DateTime),
    ("add dateTime prompt", QuestionType::DateTime),
    ("q geopoint", QuestionType::Geopoint),
    ("q location", QuestionType::Geopoint),
    ("add location prompt", QuestionType::Geopoint),
    ("q geotrace", QuestionType::Geotrace),
    ("q geoshape", QuestionType::Geoshape),
    ("q image", QuestionType::Image),
    ("q picture", QuestionType::Image),
    ("add image prompt", QuestionType::Image),
    ("add photo prompt", QuestionType::Image),
    ("q audio", QuestionType::Audio),
    ("add audio prompt", QuestionType::Audio),
    ("q video", QuestionType::Video),
    ("add video prompt", QuestionType::Video),
    ("add file prompt", QuestionType::File),
    ("q barcode", QuestionType::Barcode),
    ("add barcode prompt", QuestionType::Barcode),
    ("q note", QuestionType::Note),
    ("add note prompt", QuestionType::Note),
    ("q calculate", QuestionType::Calculate(DataType::String)),
    ("add calculate prompt", QuestionType::Calculate(DataType::String)),
    ("q acknowledge", QuestionType::Acknowledge),
    ("add acknowledge prompt", QuestionType::Acknowledge),
    ("get start time", QuestionType::Start),
    ("get end time", QuestionType::End),
    ("get today", QuestionType::Today),
    ("imei", QuestionType::DeviceId),
    ("get device id", QuestionType::DeviceId),
    ("get phone number", QuestionType::PhoneNumber),
    ("get sim id", QuestionType::SimSerial),
    ("get subscriber id", QuestionType::SubscriberId),
    ("uri:deviceid", QuestionType::DeviceId),
    ("uri:phonenumber", QuestionType::PhoneNumber),
    ("uri:simserial", QuestionType::SimSerial),
    ("uri:subscriberid", QuestionType::SubscriberId),
    ("uri:username", QuestionType::Username),
    ("uri:email", QuestionType::Email),
    ("date time", QuestionType::DateTime),
    ("gps", QuestionType::Geopoint),
    ("start time", QuestionType::Start),
    ("end time", QuestionType::End),
    ("device id", QuestionType::DeviceId),
    ("sim id", QuestionType::SimSerial),
    ("subscriber id", QuestionType::SubscriberId),
];

static PRESETS: [Preset; 5] = [
    Preset {
        name: "percentage",
        question_type: QuestionType::Integer,
        constraint: "0 <= . and . <= 100",
        hint: "",
    },
    Preset {
        name: "number of days in last month",
        question_type: QuestionType::Integer,
        constraint: "0 <= . and . <= 31",
        hint: "Enter a number 0-31.",
    },
    Preset {
        name: "number of days in last six months",
        question_type: QuestionType::Integer,
        constraint: "0 <= . and . <= 183",
        hint: "Enter a number 0-183.",
    },
    Preset {
        name: "number of days in last year",
        question_type: QuestionType::Integer,
        constraint: "0 <= . and . <= 365",
        hint: "Enter a number 0-365.",
    },
    Preset {
        name: "phone number",
        question_type: QuestionType::Text,
        constraint: "regex(., '^\\d*$')",
        hint: "Enter numbers only.",
    },
];

/// What the text of a cell in the column `type` says.
pub(super) fn row_type(written: &str) -> Result<RowType, Refusal> {
    if let Some(row_type) = container(written) {
        return Ok(row_type);
    }
    if written.starts_with("begin ") || written.starts_with("begin_") {
        return Err(Refusal::Unknown);
    }
    let setting = match written {
        "form_title" | "set_form_title" => Some("title"),
        "form_id" | "set_form_id" => Some("survey"),
        "prefix" => Some("prefix"),
        _ => None,
    };
    if let Some(setting) = setting {
        return Ok(RowType::Setting(setting));
    }
    if let Some(preset) = PRESETS.iter().find(|preset| preset.name == written) {
        return Ok(RowType::Preset(preset));
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == written);
    if let Some(question_type) = alias
        .map(|(_, question_type)| question_type.clone())
        .or_else(|| QuestionType::simple(written))
    {
        return Ok(RowType::Question(question_type));
    }
    if written == "osm" || written.starts_with("osm ") {
        return Err(Refusal::Unsupported("osm"));
    }
    select(written)
}

/// `begin group`, `end_repeat`, `begin loop over list`; `None` where the type is none of them.
fn container(written: &str) -> Option<RowType> {
    let begins = written.starts_with("begin");
    let rest = written.strip_prefix("begin").or_else(|| written.strip_prefix("end"))?;
    let rest = rest.strip_prefix([' ', '_'])?;
    let (kind, list) = if let Some(rest) = rest.strip_prefix("looped group") {
        ("repeat", rest)
    } else {
        let (kind, list) = rest.split_once(' ').unwrap_or((rest, ""));
        (kind, list)
    };
    let list = list.trim();
    let list = list.strip_prefix("over ").unwrap_or(list).trim();
    let container = match kind {
        "group" if list.is_empty() => Container::Group,
        "lgroup" | "repeat" if list.is_empty() => Container::Repeat,
        "loop" => Container::Loop(Some(list.to_owned()).filter(|list| !list.is_empty())),
        // `end time` is a question.
        _ => return None,
    };
    Some(if begins {
        RowType::Begin(container)
    } else {
        RowType::End(container)
    })
}

fn select(written: &str) -> Result<RowType, Refusal> {
    for (word, command, from_file) in SELECTS {
        let Some(rest) = written.strip_prefix(word) else {
            continue;
        };
        if rest.is_empty() {
            return Err(Refusal::NoList(word.to_owned()));
        }
        let Some(rest) = rest.strip_prefix(' ') else { continue };
        let (list, other) = rest.split_once(' ').unwrap_or((rest, ""));
        let or_other = match other {
            "" => false,
            "or_other" | "or other" | "or specify other" => true,
            other => return Err(Refusal::AfterList(other.to_owned())),
        };
        let source = if from_file || is_file(list) {
            ChoiceSource::File(list.to_owned())
        } else if let Some(question) = list.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            ChoiceSource::Question(question.to_owned())
        } else {
            ChoiceSource::List(list.to_owned())
        };
        return Ok(RowType::Select(command, Select { source, or_other }));
    }
    Err(Refusal::Unknown)
}

/// pyxform takes a file's name for a list of choices too: `select_one cities.csv`.
pub(in crate::definition) fn is_file(list: &str) -> bool {
    [".csv", ".xml", ".geojson"].iter().any(|ending| list.ends_with(ending))
}

/// All types, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    ["begin_group", "end_group", "begin_repeat", "end_repeat"]
        .into_iter()
        .chain(["select_one", "select_multiple", "rank"])
        .chain(["select_one_from_file", "select_multiple_from_file"])
        .chain(QuestionType::simple_names())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_groups_and_repeats_are_one() {
        for written in ["begin group", "begin_group"] {
            assert_eq!(row_type(written), Ok(RowType::Begin(Container::Group)));
        }
        assert_eq!(row_type("end looped group"), Ok(RowType::End(Container::Repeat)));
        assert_eq!(
            row_type("begin loop over cities"),
            Ok(RowType::Begin(Container::Loop(Some("cities".to_owned()))))
        );
        assert_eq!(row_type("begin nothing"), Err(Refusal::Unknown));
        assert_eq!(row_type("end time"), Ok(RowType::Question(QuestionType::End)));
    }

    #[test]
    fn selects_name_a_list_a_file_or_a_question() {
        let source = |written: &str| match row_type(written) {
            Ok(RowType::Select(_, select)) => (select.source, select.or_other),
            other => panic!("{other:?}"),
        };
        let list = |name: &str| ChoiceSource::List(name.to_owned());
        assert_eq!(source("select_one yes_no"), (list("yes_no"), false));
        assert_eq!(
            source("select one from yes_no or specify other"),
            (list("yes_no"), true)
        );
        assert_eq!(
            source("select multiple from file cities.geojson").0,
            ChoiceSource::File("cities.geojson".to_owned())
        );
        assert_eq!(
            source("select_one ${member}").0,
            ChoiceSource::Question("member".to_owned())
        );
        assert_eq!(row_type("select_one"), Err(Refusal::NoList("select_one".to_owned())));
        assert_eq!(row_type("select_one a b"), Err(Refusal::AfterList("b".to_owned())));
        assert_eq!(row_type("Text"), Err(Refusal::Unknown));
    }
}
