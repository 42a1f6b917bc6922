//! The columns of each sheet, in all spellings that pyxform takes.

/// What a column of a sheet is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// A key that a definition has, by its name there.
    Key(&'static str),
    /// A picture or sound of the label: `image`, `audio`, `video`, `big-image`.
    Media(String),
    /// An attribute of the bind that has no name of its own.
    Bind(String),
    /// An attribute of the control.
    Body(String),
    /// An attribute of the instance's node.
    Instance(String),
    /// Any other column.
    Other(String),
}

/// Which columns a sheet knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Survey,
    Choices,
    Settings,
    Entities,
    /// innogauge's own sheet.
    Own,
}

/// The names of columns, and what they are called in a definition. The first spelling is the one to suggest.
type Spellings = [(&'static str, &'static [&'static str])];

const SURVEY: &Spellings = &[
    ("type", &["type", "command"]),
    ("name", &["name", "tag", "value"]),
    ("label", &["label", "caption"]),
    ("hint", &["hint"]),
    ("guidance_hint", &["guidance_hint"]),
    ("relevant", &["relevant", "relevance"]),
    ("constraint", &["constraint"]),
    (
        "constraint_message",
        &[
            "constraint_message",
            "constraining_message",
            "constraintmsg",
            "jr:constraintmsg",
        ],
    ),
    ("required", &["required"]),
    (
        "required_message",
        &["required_message", "requiredmsg", "jr:requiredmsg"],
    ),
    ("calculation", &["calculation", "calculate"]),
    ("default", &["default"]),
    ("read_only", &["read_only", "readonly"]),
    ("appearance", &["appearance"]),
    ("choice_filter", &["choice_filter"]),
    ("repeat_count", &["repeat_count", "count", "jr:count"]),
    ("parameters", &["parameters"]),
    ("trigger", &["trigger"]),
    ("save_to", &["save_to"]),
    ("disabled", &["disabled"]),
    ("autoplay", &["autoplay"]),
    ("intent", &["intent"]),
    ("rows", &["rows"]),
    ("no_app_error_string", &["no_app_error_string", "noapperrorstring"]),
];

const CHOICES: &Spellings = &[
    ("list_name", &["list_name"]),
    ("name", &["name", "value"]),
    ("label", &["label", "caption"]),
    ("geometry", &["geometry"]),
];

const SETTINGS: &Spellings = &[
    ("title", &["form_title", "set_form_title", "title"]),
    ("survey", &["form_id", "set_form_id", "id_string"]),
    ("version", &["version"]),
    ("default_language", &["default_language"]),
    ("instance_name", &["instance_name"]),
    ("public_key", &["public_key"]),
    ("allow_choice_duplicates", &["allow_choice_duplicates"]),
    ("client_editable", &["client_editable"]),
];

const ENTITIES: &Spellings = &[
    ("list_name", &["list_name", "dataset"]),
    ("label", &["label"]),
    ("entity_id", &["entity_id"]),
    ("create_if", &["create_if"]),
    ("update_if", &["update_if"]),
    ("repeat", &["repeat"]),
];

const OWN: &Spellings = &[
    ("sheet", &["sheet"]),
    ("list", &["list"]),
    ("name", &["name"]),
    ("key", &["key"]),
    ("language", &["language"]),
    ("value", &["value"]),
];

/// The kinds of pictures and sounds of a label.
pub(super) const MEDIA: [&str; 4] = ["image", "big-image", "audio", "video"];

impl Kind {
    fn spellings(self) -> &'static Spellings {
        match self {
            Self::Survey => SURVEY,
            Self::Choices => CHOICES,
            Self::Settings => SETTINGS,
            Self::Entities => ENTITIES,
            Self::Own => OWN,
        }
    }

    /// The spellings of all columns that the sheet knows, for suggestions.
    pub fn known(self) -> impl Iterator<Item = &'static str> + Clone {
        let media = matches!(self, Self::Survey | Self::Choices);
        self.spellings()
            .iter()
            .filter_map(|(_, spellings)| spellings.first().copied())
            .chain(MEDIA.into_iter().filter(move |_| media))
    }

    fn key(self, word: &str) -> Option<&'static str> {
        self.spellings()
            .iter()
            .find(|(_, spellings)| spellings.contains(&word))
            .map(|(key, _)| *key)
    }

    /// What a header means, and the language that it names. `double` is whether the parts of headers are told apart by
    /// two colons in this sheet; where it has none, one does (`label:English`).
    pub fn target(self, header: &str, double: bool) -> (Target, Option<String>) {
        let whole = snake(header);
        if let Some(key) = self.key(&whole) {
            return (Target::Key(key), None);
        }
        let parts = parts(header, double);
        let part = |at: usize| parts.get(at).map(String::as_str);
        let (Some(first), second, third) = (part(0), part(1), part(2)) else {
            return (Target::Other(header.to_owned()), None);
        };
        let word = snake(first);
        let language = |words: Option<&str>| words.map(ToOwned::to_owned).filter(|words| !words.is_empty());
        if let Some(key) = self.key(&word) {
            return (Target::Key(key), language(second));
        }
        let mixed = matches!(self, Self::Survey | Self::Choices);
        if mixed && MEDIA.contains(&word.as_str()) {
            return (Target::Media(word), language(second));
        }
        match (self, word.as_str(), second) {
            (Self::Survey | Self::Choices, "media", Some(kind)) => (Target::Media(kind.to_owned()), language(third)),
            (Self::Survey, "bind", Some(name)) => (bind(name), language(third)),
            (Self::Survey, "body" | "control", Some(name)) => (body(name), None),
            (Self::Survey, "instance", Some(name)) => (Target::Instance(name.to_owned()), None),
            (Self::Survey, "compact_tag", None) => (Target::Instance("odk:tag".to_owned()), None),
            _ => (Target::Other(header.to_owned()), None),
        }
    }
}

/// `bind::…`: some attributes have keys of their own.
fn bind(name: &str) -> Target {
    Target::Key(match name {
        "relevant" => "relevant",
        "constraint" => "constraint",
        "required" => "required",
        "calculate" => "calculation",
        "readonly" => "read_only",
        "jr:constraintMsg" => "constraint_message",
        "jr:requiredMsg" => "required_message",
        "jr:noAppErrorString" => "no_app_error_string",
        "entities:saveto" => "save_to",
        other => return Target::Bind(other.to_owned()),
    })
}

/// `body::…`: some attributes have keys of their own.
fn body(name: &str) -> Target {
    Target::Key(match name {
        "appearance" => "appearance",
        "jr:count" => "repeat_count",
        "autoplay" => "autoplay",
        "rows" => "rows",
        "intent" => "intent",
        other => return Target::Body(other.to_owned()),
    })
}

/// The parts of a header, without spaces around them.
fn parts(header: &str, double: bool) -> Vec<String> {
    if double || header.contains("::") {
        return header.split("::").map(|part| part.trim().to_owned()).collect();
    }
    // `jr:count` is one word also where single colons part the words.
    let mut parts: Vec<String> = Vec::new();
    for part in header.split(':').map(str::trim) {
        match parts.last_mut() {
            Some(last) if last == "jr" => *last = format!("jr:{part}"),
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// `Form  Title` as `form_title`.
fn snake(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_column_are_one() {
        let survey = |header: &str| Kind::Survey.target(header, true);
        let zh = || Some("中文 (zh)".to_owned());
        assert_eq!(survey("Relevance"), (Target::Key("relevant"), None));
        assert_eq!(survey("label :: 中文 (zh)"), (Target::Key("label"), zh()));
        assert_eq!(
            survey("bind::jr:constraintMsg::中文 (zh)"),
            (Target::Key("constraint_message"), zh())
        );
        assert_eq!(
            survey("media::image::中文 (zh)"),
            (Target::Media("image".to_owned()), zh())
        );
        assert_eq!(survey("image::中文 (zh)"), (Target::Media("image".to_owned()), zh()));
        assert_eq!(
            survey("bind::odk:length"),
            (Target::Bind("odk:length".to_owned()), None)
        );
        assert_eq!(survey("control::jr:count"), (Target::Key("repeat_count"), None));
        assert_eq!(survey("body::accuracy"), (Target::Body("accuracy".to_owned()), None));
        assert_eq!(survey("instance::x"), (Target::Instance("x".to_owned()), None));
        assert_eq!(
            survey("Notes of mine"),
            (Target::Other("Notes of mine".to_owned()), None)
        );
    }

    #[test]
    fn one_colon_parts_a_header_where_no_header_has_two() {
        let survey = |header: &str| Kind::Survey.target(header, false);
        assert_eq!(
            survey("label:English"),
            (Target::Key("label"), Some("English".to_owned()))
        );
        assert_eq!(survey("bind:jr:requiredMsg"), (Target::Key("required_message"), None));
        assert_eq!(survey("bind:relevant"), (Target::Key("relevant"), None));
        assert_eq!(survey("jr:count"), (Target::Key("repeat_count"), None));
    }

    #[test]
    fn settings_and_choices_have_their_own_columns() {
        assert_eq!(Kind::Settings.target("form id", false).0, Target::Key("survey"));
        assert_eq!(
            Kind::Settings.target("attribute::xyz", true).0,
            Target::Other("attribute::xyz".to_owned())
        );
        assert_eq!(Kind::Choices.target("list name", false).0, Target::Key("list_name"));
        assert_eq!(
            Kind::Choices.target("region", false).0,
            Target::Other("region".to_owned())
        );
    }
}
