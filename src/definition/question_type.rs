//! What kind of answer a question takes: XLSForm's types.

use super::choices::Select;

/// The type of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionType {
    /// Free text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// One of a list of choices.
    SelectOne(Select),
    /// Any number of a list of choices.
    SelectMultiple(Select),
    /// All choices of a list, put in order.
    Rank(Select),
    /// A number between bounds, in steps (`start`, `end` and `step` among the parameters).
    Range,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A date with a time of day.
    DateTime,
    /// A point on the earth.
    Geopoint,
    /// A line on the earth.
    Geotrace,
    /// An area on the earth.
    Geoshape,
    /// A picture.
    Image,
    /// A sound recording.
    Audio,
    /// A film.
    Video,
    /// Any file.
    File,
    /// A scanned code.
    Barcode,
    /// Text to read, without an answer.
    Note,
    /// A value calculated from other answers.
    Calculate(DataType),
    /// A value that is not shown.
    Hidden,
    /// A box to tick: `OK` or nothing.
    Acknowledge,
    /// When the form was opened.
    Start,
    /// When the form was finished.
    End,
    /// The day of the interview.
    Today,
    /// The device.
    DeviceId,
    /// The user name that the client knows.
    Username,
    /// The e-mail address that the client knows.
    Email,
    /// The phone number that the client knows.
    PhoneNumber,
    /// The serial number of the SIM card.
    SimSerial,
    /// The subscriber number of the SIM card.
    SubscriberId,
    /// Where the form was opened.
    StartGeopoint,
    /// Where the client was, recorded when a question changed.
    BackgroundGeopoint,
    /// A recording made during the interview.
    BackgroundAudio,
    /// The log of the interview.
    Audit,
    /// An attached XML file that expressions may read.
    XmlExternal,
    /// An attached CSV file that expressions may read.
    CsvExternal,
}

/// The data type of a calculation's value, as XLSForm's `bind::type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataType {
    /// Text.
    #[default]
    String,
    /// A whole number.
    Int,
    /// A number.
    Decimal,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A date with a time of day.
    DateTime,
    /// True or false.
    Boolean,
    /// A point on the earth.
    Geopoint,
}

impl DataType {
    /// All of them, by the name they have in a definition.
    pub const ALL: [(&'static str, Self); 8] = [
        ("string", Self::String),
        ("int", Self::Int),
        ("decimal", Self::Decimal),
        ("date", Self::Date),
        ("time", Self::Time),
        ("dateTime", Self::DateTime),
        ("boolean", Self::Boolean),
        ("geopoint", Self::Geopoint),
    ];

    /// The name in a definition.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, data_type)| *data_type == self)
            .map_or("string", |(name, _)| name)
    }
}

/// The types that stand alone, by their names in a definition; the first name of a type is its own.
const SIMPLE: [(&str, QuestionType); 48] = [
    ("text", QuestionType::Text),
    ("string", QuestionType::Text),
    ("integer", QuestionType::Integer),
    ("int", QuestionType::Integer),
    ("decimal", QuestionType::Decimal),
    ("range", QuestionType::Range),
    ("date", QuestionType::Date),
    ("time", QuestionType::Time),
    ("datetime", QuestionType::DateTime),
    ("dateTime", QuestionType::DateTime),
    ("geopoint", QuestionType::Geopoint),
    ("location", QuestionType::Geopoint),
    ("geotrace", QuestionType::Geotrace),
    ("geoshape", QuestionType::Geoshape),
    ("image", QuestionType::Image),
    ("photo", QuestionType::Image),
    ("audio", QuestionType::Audio),
    ("video", QuestionType::Video),
    ("file", QuestionType::File),
    ("barcode", QuestionType::Barcode),
    ("note", QuestionType::Note),
    ("calculate", QuestionType::Calculate(DataType::String)),
    ("hidden", QuestionType::Hidden),
    ("acknowledge", QuestionType::Acknowledge),
    ("trigger", QuestionType::Acknowledge),
    ("start", QuestionType::Start),
    ("end", QuestionType::End),
    ("today", QuestionType::Today),
    ("deviceid", QuestionType::DeviceId),
    ("device id", QuestionType::DeviceId),
    ("username", QuestionType::Username),
    ("email", QuestionType::Email),
    ("phonenumber", QuestionType::PhoneNumber),
    ("phone number", QuestionType::PhoneNumber),
    ("simserial", QuestionType::SimSerial),
    ("sim id", QuestionType::SimSerial),
    ("subscriberid", QuestionType::SubscriberId),
    ("subscriber id", QuestionType::SubscriberId),
    ("start-geopoint", QuestionType::StartGeopoint),
    ("background-geopoint", QuestionType::BackgroundGeopoint),
    ("background-audio", QuestionType::BackgroundAudio),
    ("audit", QuestionType::Audit),
    ("xml-external", QuestionType::XmlExternal),
    ("csv-external", QuestionType::CsvExternal),
    ("start time", QuestionType::Start),
    ("end time", QuestionType::End),
    ("date time", QuestionType::DateTime),
    ("gps", QuestionType::Geopoint),
];

impl QuestionType {
    /// The type of this name, for the types that are a name alone (all but the selects and rank).
    pub fn simple(name: &str) -> Option<Self> {
        SIMPLE
            .iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|(_, question_type)| question_type.clone())
    }

    /// The names that [`QuestionType::simple`] knows, for suggestions.
    pub fn simple_names() -> impl Iterator<Item = &'static str> + Clone {
        SIMPLE.iter().map(|(name, _)| *name)
    }

    /// The name of the type without its list: `select_one`, `decimal`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SelectOne(select) if select.from_file() => "select_one_from_file",
            Self::SelectMultiple(select) if select.from_file() => "select_multiple_from_file",
            Self::SelectOne(_) => "select_one",
            Self::SelectMultiple(_) => "select_multiple",
            Self::Rank(_) => "rank",
            Self::Calculate(_) => "calculate",
            other => SIMPLE
                .iter()
                .find(|(_, candidate)| candidate == other)
                .map_or("text", |(name, _)| name),
        }
    }

    /// The list of choices, for the types that have one.
    pub fn select(&self) -> Option<&Select> {
        match self {
            Self::SelectOne(select) | Self::SelectMultiple(select) | Self::Rank(select) => Some(select),
            _ => None,
        }
    }

    /// Whether the client records the value by itself, without asking a person.
    pub fn is_metadata(&self) -> bool {
        matches!(
            self,
            Self::Start
                | Self::End
                | Self::Today
                | Self::DeviceId
                | Self::Username
                | Self::Email
                | Self::PhoneNumber
                | Self::SimSerial
                | Self::SubscriberId
                | Self::StartGeopoint
                | Self::BackgroundGeopoint
                | Self::BackgroundAudio
                | Self::Audit
        )
    }

    /// Whether the value is the name of an attached file.
    pub fn is_file(&self) -> bool {
        matches!(
            self,
            Self::Image | Self::Audio | Self::Video | Self::File | Self::BackgroundAudio | Self::Audit
        )
    }

    /// Whether the question has an answer in a response at all (a note and an external file have none).
    pub fn has_value(&self) -> bool {
        !matches!(self, Self::XmlExternal | Self::CsvExternal)
    }

    /// Whether a person is asked: neither a note, nor a calculation, nor something the client records.
    pub fn is_asked(&self) -> bool {
        self.has_value() && !self.is_metadata() && !matches!(self, Self::Note | Self::Calculate(_) | Self::Hidden)
    }

    /// Whether the answer is about a person by its nature (definitions may say so of any other question).
    pub fn is_personal(&self) -> bool {
        matches!(
            self,
            Self::DeviceId
                | Self::Username
                | Self::Email
                | Self::PhoneNumber
                | Self::SimSerial
                | Self::SubscriberId
                | Self::Audit
        )
    }
}
