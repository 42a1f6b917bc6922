//! The catalogue of everything that can be said about a response: numbered, stable, in two languages.
//!
//! A number never changes its meaning and is never given twice. Hundreds: 1 the shape of what was sent, 2 single
//! values, 3 the definition's rules, 4 what is possible but should be looked at, 5 the response as a whole.

use serde::{Deserialize, Serialize};

use crate::definition::{Language, Text};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A rule is broken: refused at the JSON and spreadsheet doors, kept with `has_issues` from form clients.
    Problem,
    /// Possible but unlikely; never refused.
    Warning,
    /// For the record.
    Note,
}

impl Severity {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Declares the catalogue: variant, number, name, severity, Chinese and English words.
///
/// In the words `{0}` and `{1}` are the problem's details and `{value}` is the value.
macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal, $severity:ident, $zh:literal, $en:literal;)+) => {
        /// What is wrong, as a number and a name that programs can rely on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl ProblemCode {
            /// The whole catalogue, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable number.
            pub fn number(self) -> u16 {
                match self { $(Self::$variant => $number,)+ }
            }

            /// The stable name, as it stands in JSON.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it weighs where nothing else is said.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            fn words(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $zh, (Self::$variant, Language::English) => $en,)+
                }
            }
        }
    };
}

catalogue! {
    /// A key or column that the definition does not have.
    UnknownQuestion = 101, "unknown_question", Problem,
        "调查中没有名为“{0}”的问题，请更正名称或删除此项。", "The survey has no question named '{0}'. Correct the name or leave it out.";
    /// As [`ProblemCode::UnknownQuestion`], with the name that was probably meant.
    MisspeltQuestion = 102, "misspelt_question", Problem,
        "调查中没有名为“{0}”的问题，是否应为“{1}”？", "The survey has no question named '{0}'. Did you mean '{1}'?";
    /// A group's answers must be an object.
    NotAnObject = 103, "not_an_object", Problem,
        "“{0}”是一组问题，请按对象 {…} 提交。", "'{0}' is a group of questions: send an object {…}.";
    /// A repeat's answers must be an array.
    NotAList = 104, "not_a_list", Problem,
        "“{0}”可重复填写，请按数组 [{…}, …] 提交。", "'{0}' is a repeat: send an array [{…}, …].";
    /// More instances than a response may hold.
    TooManyInstances = 105, "too_many_instances", Problem,
        "“{0}”最多 {1} 条，超出的部分没有读取，请减少条数。", "'{0}' may have {1} entries at most; the others were not read. Send fewer.";
    /// Nested deeper than any survey.
    TooDeep = 106, "too_deep", Problem,
        "提交的内容嵌套过深，请按问卷的分组结构提交。", "What was sent is nested too deeply. Nest it as the survey's groups are.";
    /// Not JSON at all.
    NotJson = 107, "not_json", Problem,
        "内容不是有效的 JSON（{0}），请更正后重新提交。", "This is not valid JSON ({0}). Correct it and send it again.";

    /// Two answers to one question.
    AnsweredTwice = 108, "answered_twice", Problem,
        "此题有两个答案，采用了第一个，没有采用“{value}”。请核对。", "This has two answers. The first one counts, not '{value}'. Check it.";
    /// Text where only questions can be.
    TextBetweenQuestions = 109, "text_between_questions", Problem,
        "“{value}”不属于任何问题，没有读取。请核对后填到相应的问题中。", "'{value}' belongs to no question and was not read. Check it and give it as an answer.";
    /// As [`ProblemCode::UnknownQuestion`], of many that are not told one by one.
    OtherUnknownQuestions = 110, "other_unknown_questions", Problem,
        "另有 {0} 处内容不属于此调查，未逐一列出。请核对使用的问卷是否正确。", "{0} more answers are not of this survey and are not listed. Check that the right form was used.";

    /// Another kind of value than the question takes.
    WrongType = 201, "wrong_type", Problem,
        "需要填写{0}，而不是“{value}”。", "This takes {0}, not '{value}'.";
    /// A number that is infinite, not a number, or too large to hold.
    NumberOutOfRange = 202, "number_out_of_range", Problem,
        "“{value}”不是可用的数值，请填写普通数字。", "'{value}' is not a usable number. Give an ordinary number.";
    /// A fraction where whole numbers are asked for.
    NotWhole = 203, "not_whole", Problem,
        "需要填写整数，“{value}”含有小数。", "This takes a whole number; '{value}' has a fraction.";
    /// A day that the calendar does not have.
    NoSuchDate = 204, "no_such_date", Problem,
        "日期“{value}”不存在，请按 2026-03-31 的格式填写真实日期。", "The date '{value}' does not exist. Give a real date, such as 2026-03-31.";
    /// A choice that the list does not have.
    UnknownChoice = 205, "unknown_choice", Problem,
        "选项中没有“{0}”，请从给出的选项中选择。", "'{0}' is not one of the choices. Choose one of those offered.";
    /// As [`ProblemCode::UnknownChoice`], with the choices or the one that was probably meant.
    MisspeltChoice = 206, "misspelt_choice", Problem,
        "选项中没有“{0}”，可用的选项代码：{1}。", "'{0}' is not one of the choices. The codes are: {1}.";
    /// A choice of the list that is not offered after the other answers.
    ChoiceNotOffered = 207, "choice_not_offered", Problem,
        "根据前面的答案，不能选择“{0}”，请更正此项或前面的答案。", "After the other answers '{0}' is not offered. Correct this answer or the others.";
    /// A choice that was chosen more than once.
    RepeatedChoice = 208, "repeated_choice", Problem,
        "“{0}”重复选择，请只保留一次。", "'{0}' is chosen more than once. Keep it once.";
    /// A rank that does not order all its choices.
    RankIncomplete = 209, "rank_incomplete", Problem,
        "请为全部 {0} 个选项排序，目前只有 {1} 个。", "Put all {0} choices in order; only {1} are.";
    /// Not points on the earth.
    InvalidGeo = 210, "invalid_geo", Problem,
        "“{value}”不是有效的坐标，请按“纬度 经度 高程 精度”填写。", "'{value}' is not a position. Give 'latitude longitude altitude accuracy'.";
    /// A number outside a range question's bounds.
    OutsideRange = 211, "outside_range", Problem,
        "请填写 {0} 到 {1} 之间的数。", "Give a number from {0} to {1}.";
    /// A missing code that the question does not take.
    MissingCodeNotOffered = 212, "missing_code_not_offered", Problem,
        "此问题不能用“{0}”代替答案，请填写答案。", "'{0}' can't stand for an answer here. Give an answer.";
    /// A missing code that does not exist.
    UnknownMissingCode = 213, "unknown_missing_code", Problem,
        "没有名为“{0}”的缺失代码，可用：dont_know、refused、not_applicable。", "There is no missing code '{0}'. There are dont_know, refused and not_applicable.";
    /// A missing code together with a value, or with other choices.
    MissingCodeNotAlone = 214, "missing_code_not_alone", Problem,
        "“{0}”不能与答案同时填写，请只保留其一。", "'{0}' can't stand beside an answer. Keep one of the two.";

    /// A required answer is missing.
    Required = 301, "required", Problem,
        "此题必填，请填写答案。", "An answer is required. Please give one.";
    /// As [`ProblemCode::Required`], where a missing code would do.
    RequiredOrMissing = 302, "required_or_missing", Problem,
        "此题必填，请填写答案，或注明原因：{0}。", "An answer is required. Give one, or the reason for having none: {0}.";
    /// The question's constraint is broken.
    Constraint = 303, "constraint", Problem,
        "“{value}”不符合此题的规则（{0}），请核对。", "'{value}' breaks the rule of this question ({0}). Check it.";
    /// A rule could not be evaluated on these answers.
    EvaluationError = 304, "evaluation_error", Problem,
        "无法在这些答案上计算规则（{0}）：{1}。请核对相关答案，如仍有问题请联系问卷负责人。", "The rule ({0}) can't be evaluated on these answers: {1}. Check the answers that it reads, else tell the survey's author.";
    /// An answer to a question that was not to be asked.
    UnaskedAnswer = 305, "unasked_answer", Problem,
        "根据前面的答案，此题不应填写，但填了“{value}”。请删除此项，或更正前面的答案（条件：{0}）。", "After the other answers this is not asked, but '{value}' was given. Remove it, or correct the others (condition: {0}).";
    /// A calculation that was sent differs from ours.
    CalculationDiffers = 306, "calculation_differs", Problem,
        "提交的计算值为“{value}”，系统计算为“{0}”。请删除此项，或核对其来源答案。", "The calculated value sent is '{value}', ours is '{0}'. Leave it out, or check the answers that it is made of.";
    /// A repeat with another number of instances than the definition counts.
    RepeatCountDiffers = 307, "repeat_count_differs", Problem,
        "应有 {0} 条，实际 {1} 条，请补充或删减。", "There should be {0} entries, there are {1}. Add or remove some.";

    /// One of the definition's soft checks holds.
    SoftCheck = 401, "soft_check", Warning,
        "“{value}”不太寻常，请核对。", "'{value}' is unusual. Please check it.";
    /// A choice that a live list (the register of organisations) does not have.
    UnknownLiveChoice = 402, "unknown_live_choice", Warning,
        "名录中没有“{0}”，请核对。", "'{0}' is not in the register. Please check it.";
    /// A unified social credit code that is not one.
    InvalidCreditCode = 403, "invalid_credit_code", Warning,
        "“{value}”不是有效的统一社会信用代码，请对照营业执照核对 18 位代码。", "'{value}' is not a valid unified social credit code. Compare its 18 characters with the licence.";
    /// A soft check that was confirmed when the form was filled in.
    SoftCheckConfirmed = 404, "soft_check_confirmed", Note,
        "填报人已确认此项无误（条件：{0}）。", "This was confirmed when the form was filled in (condition: {0}).";
    /// The log of the interview is damaged.
    LogDamaged = 411, "log_damaged", Warning,
        "访问日志（audit.csv）不完整或已损坏：{0} 行无法读取，{1} 行时间不可能；用时以其余部分或开始、结束时间为准。", "The log of the interview (audit.csv) is damaged or was not read to its end: {0} rows can't be read, {1} have impossible times. The rest of it, or start and end, says how long the interview took.";
    /// The log of the interview names questions that the form does not have.
    LogOfOthers = 412, "log_of_others", Warning,
        "访问日志（audit.csv）中有 {0} 个问卷里没有的问题：{1}。", "The log of the interview (audit.csv) names {0} questions that the form does not have: {1}.";
    /// A file of a kind that its question does not ask for.
    FileOfOtherKind = 413, "file_of_other_kind", Warning,
        "收到的文件从内容看是 {0}，不是此题所要的类型，已保存，请核对。", "The file that came is {0} by its content, which is not what the question asks for. It is kept: check it.";

    /// Another live response of the same organisation in this round and survey.
    DuplicateOrganisation = 501, "duplicate_organisation", Warning,
        "同一单位在本轮已有答卷（{0}），请保留其中一份。", "This organisation has another response in this round ({0}). Keep one of them.";
    /// Two edits of the same version.
    ConcurrentEdit = 502, "concurrent_edit", Warning,
        "同一版本有两次修改，均已保存，请核对最新的一份。", "One version was edited twice. Both are kept: check the newest.";
    /// An edit of something that has not arrived yet.
    PredecessorAwaited = 503, "predecessor_awaited", Note,
        "此答卷修改的版本（{0}）尚未收到。", "The version that this one edits ({0}) has not arrived yet.";
    /// A version of the survey that is blank or does not exist.
    UnknownVersion = 504, "unknown_version", Problem,
        "没有版本“{0}”，已按版本“{1}”检查，请更新问卷后核对。", "There is no version '{0}'; the answers were checked against '{1}'. Update the form and check them.";
    /// No round is open.
    NoOpenRound = 505, "no_open_round", Problem,
        "目前没有开放的调查轮次，请由管理员指定轮次。", "No round is open. An administrator has to assign the response to one.";
    /// The round that the sender's token names is not open.
    RoundNotOpen = 506, "round_not_open", Problem,
        "轮次“{0}”未开放时收到，请由督导决定是否采用。", "It came while the round '{0}' was not open. A supervisor decides whether it counts.";
    /// The survey takes no responses any more.
    SurveyClosed = 507, "survey_closed", Problem,
        "调查关闭后收到，请由督导决定是否采用。", "It came after the survey was closed. A supervisor decides whether it counts.";
    /// A city that is not one of its sender's.
    CityOfOthers = 508, "city_of_others", Problem,
        "城市“{0}”不在提交人的负责范围内，请核对城市，或由督导确认。", "The city '{0}' is not one of its sender's. Check the city, or have a supervisor confirm it.";
    /// A survey of places came by phone.
    FiguresOfPlaces = 509, "figures_of_places", Problem,
        "此调查收集的是各地的统计数据，从手机提交的答卷不计入结果，请用表格导入。", "This survey collects official figures of places. What a phone sends does not count: import the figures from a workbook.";
}

/// One finding about a response: what, where, and everything that is needed to tell a person what to do.
///
/// It stands by itself: it is stored with the version it is about, and worded later in the reader's language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong.
    pub code: ProblemCode,
    /// How much it weighs.
    pub severity: Severity,
    /// The question, with the numbers of the repeat instances: `/products[2]/share`. Empty: the response as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The value as it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The rule, as the definition's author wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the words of the catalogue leave open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The question's label.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// The author's own message; it takes the place of the catalogue's.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub author_message: Text,
}

impl Problem {
    /// A finding about the response as a whole.
    pub fn new<D: Into<String>>(code: ProblemCode, details: impl IntoIterator<Item = D>) -> Self {
        Self {
            code,
            severity: code.severity(),
            path: String::new(),
            value: None,
            rule: None,
            details: details.into_iter().map(Into::into).collect(),
            label: Text::default(),
            author_message: Text::default(),
        }
    }

    /// The same about a question.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, label: &Text) -> Self {
        self.path = path.into();
        self.label = label.clone();
        self
    }

    /// The same about this value.
    #[must_use]
    pub fn of(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The same, broken by this rule and worded by its author.
    #[must_use]
    pub fn by(mut self, rule: &str, message: &Text) -> Self {
        self.rule = Some(rule.to_owned());
        self.author_message = message.clone();
        self
    }

    /// The same with another weight.
    #[must_use]
    pub fn weighing(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The last name of the path: `share`.
    pub fn question(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What is wrong and what to do, in this language, without the question's label.
    pub fn sentence(&self, language: &str) -> String {
        if !self.author_message.is_empty() {
            return in_language(&self.author_message, language).to_owned();
        }
        let language = Language::from_tag(language).unwrap_or_default();
        let words = self.code.words(language);
        let mut sentence = String::with_capacity(words.len() + 32);
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            sentence.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            match name {
                "0" => sentence.push_str(&kind_in_words(self.detail(0), language)),
                "1" => sentence.push_str(self.detail(1)),
                "value" => sentence.push_str(self.value.as_deref().unwrap_or_default()),
                other => {
                    sentence.push('{');
                    sentence.push_str(other);
                    sentence.push('}');
                }
            }
            rest = after;
        }
        sentence.push_str(rest);
        sentence
    }

    /// What is wrong with which question and what to do, in this language.
    ///
    /// ```
    /// use innogauge::definition::Text;
    /// use innogauge::response::{Problem, ProblemCode};
    ///
    /// let label = Text::from_iter([("zh", "从业人员"), ("en", "Persons employed")]);
    /// let problem = Problem::new(ProblemCode::NotWhole, [""; 0]).at("/persons", &label).of("2.5");
    /// assert_eq!(problem.message("en"), "Persons employed: This takes a whole number; '2.5' has a fraction.");
    /// assert_eq!(problem.message("zh"), "从业人员：需要填写整数，“2.5”含有小数。");
    /// ```
    pub fn message(&self, language: &str) -> String {
        let label = in_language(&self.label, language);
        let sentence = self.sentence(language);
        match (label, Language::from_tag(language).unwrap_or_default()) {
            ("", _) if self.path.is_empty() => sentence,
            ("", _) => format!("{}: {sentence}", self.question()),
            (label, Language::Chinese) => format!("{label}：{sentence}"),
            (label, Language::English) => format!("{label}: {sentence}"),
        }
    }

    fn detail(&self, index: usize) -> &str {
        self.details.get(index).map_or("", String::as_str)
    }
}

/// A survey's words in a language that was asked for by any tag: `zh-Hans` finds `zh`.
fn in_language<'a>(text: &'a Text, tag: &str) -> &'a str {
    text.exact(tag)
        .unwrap_or_else(|| text.get(Language::from_tag(tag).map_or(tag, |language| language.code())))
}

/// The kinds of value that [`ProblemCode::WrongType`] names, in words.
const KINDS: [(&str, &str, &str); 11] = [
    ("@text", "文字", "text"),
    ("@integer", "整数", "a whole number"),
    ("@decimal", "数字", "a number"),
    ("@choice", "一个选项", "one choice"),
    ("@choices", "选项数组", "an array of choices"),
    ("@date", "日期（如 2026-03-31）", "a date, such as 2026-03-31"),
    ("@time", "时间（如 08:30）", "a time, such as 08:30"),
    (
        "@datetime",
        "日期和时间（如 2026-03-31T08:30:00+08:00）",
        "a date and time, such as 2026-03-31T08:30:00+08:00",
    ),
    (
        "@geo",
        "坐标（纬度 经度 高程 精度）",
        "a position, 'latitude longitude altitude accuracy'",
    ),
    ("@file", "附件的文件名", "the name of an attached file"),
    ("@boolean", "true 或 false", "true or false"),
];

fn kind_in_words(detail: &str, language: Language) -> String {
    match (KINDS.iter().find(|(key, ..)| *key == detail), language) {
        (Some((_, zh, _)), Language::Chinese) => (*zh).to_owned(),
        (Some((_, _, en)), Language::English) => (*en).to_owned(),
        (None, _) => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_ascending() {
        let numbers: Vec<u16> = ProblemCode::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
        let mut names: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ProblemCode::ALL.len());
    }

    #[test]
    fn every_problem_has_words_in_both_languages_that_leave_nothing_open() {
        for code in ProblemCode::ALL {
            let problem = Problem::new(*code, ["first", "second"]).of("value");
            let (zh, en) = (problem.message("zh-Hans"), problem.message("en"));
            assert!(zh.ends_with(['。', '？']), "{zh}");
            assert!(en.ends_with(['.', '?']), "{en}");
            for words in [zh, en] {
                assert!(
                    !words.contains("{0}") && !words.contains("{1}") && !words.contains("{value}"),
                    "{words}"
                );
            }
        }
    }

    #[test]
    fn the_authors_own_words_come_first() {
        let message = Text::from_iter([("zh", "不能为负。"), ("en", "Not negative.")]);
        let problem = Problem::new(ProblemCode::Constraint, [". >= 0"])
            .at("/rd", &Text::plain("R&D"))
            .of("-1")
            .by(". >= 0", &message);
        assert_eq!(problem.message("en"), "R&D: Not negative.");
        assert_eq!(problem.message("zh"), "R&D：不能为负。");
    }

    #[test]
    fn a_problem_is_stored_and_read_back_as_it_was() {
        let problem = Problem::new(ProblemCode::UnknownQuestion, ["turnver"]).at("/turnver", &Text::default());
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            r#"{"code":"unknown_question","severity":"problem","path":"/turnver","details":["turnver"]}"#
        );
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }
}
