//! The log that ODK Collect keeps of an interview (`audit.csv`): how long it took, and how long each question.
//!
//! Its columns are `event,node,start,end`, then what a form asks for: `latitude,longitude,accuracy`, `old-value,new-value`,
//! `user`, `change-reason`. Times are milliseconds since 1970. A screen is a row with a start and an end; while the form
//! is put aside there is none, so that the time on screens is the time of the interview without its pauses. What was
//! answered, where and by whom is not read: nothing of that leaves the file.

use std::collections::HashMap;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::form::Form;
use super::problem::{Problem, ProblemCode};
use crate::definition::{Companion, Definition, Element, ElementId, MissingCode, Text};

/// How much of a log is read. A long interview has some thousand rows of a hundred bytes.
const MOST_BYTES: u64 = 16 << 20;
const MOST_ROWS: u64 = 100_000;
const MOST_NODES: usize = 2_000;
/// No path of an instance is longer; what is, is no path.
const LONGEST_NODE: usize = 500;
/// A screen that was open for longer than a day is a clock that was set.
const LONGEST_SCREEN: i64 = 24 * 60 * 60 * 1_000;
/// What is no time after the invention of the phone.
const LATEST: i64 = 4_102_444_800_000; // 2100
/// How many of the questions that a form does not have are named.
const MOST_NAMED: usize = 5;

/// What the log of an interview says of its time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InterviewLog {
    /// How long its screens were open, in milliseconds; where two were at once, that time counts once.
    pub milliseconds: i64,
    /// How many screens there were. Without any, nothing was measured.
    pub screens: u32,
    /// The nodes that were asked, in the order in which they were first.
    pub nodes: Vec<NodeTime>,
    /// Rows that are none of a log.
    pub unreadable_rows: u32,
    /// Rows with a time that cannot be: negative, or an end before the start.
    pub impossible_times: u32,
    /// Whether the log was longer than what is read of it.
    pub cut_off: bool,
}

/// How long a node of the instance was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTime {
    /// Its path without the outermost element: `/products[2]/share`; a group where its questions share a screen.
    pub node: String,
    /// In milliseconds, all visits together.
    pub milliseconds: i64,
    /// How often it was visited.
    pub visits: u32,
}

/// How long a question was asked, or a group whose questions share a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionTime {
    /// The question or group.
    pub element: ElementId,
    /// Its path with instances counted from 1.
    pub path: String,
    /// In milliseconds, all visits together.
    pub milliseconds: i64,
    /// How often it was visited.
    pub visits: u32,
}

/// Where the columns of a log are.
struct Columns {
    event: usize,
    node: usize,
    start: usize,
    end: usize,
}

impl Columns {
    fn of(header: &ByteRecord) -> Option<Self> {
        let place = |name: &str| {
            header
                .iter()
                .position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        Some(Self {
            event: place("event")?,
            node: place("node")?,
            start: place("start")?,
            end: place("end")?,
        })
    }
}

/// A row of a log.
enum Row {
    /// A screen with its first and last moment, and the node that it asked.
    Screen(i64, i64, Option<String>),
    /// Something that took no time, or whose end is not known.
    Moment,
    Impossible,
    Unreadable,
}

impl InterviewLog {
    /// Reads a log. Whatever it holds, something is read: what is wrong with it is counted.
    ///
    /// ```
    /// use innogauge::response::InterviewLog;
    ///
    /// let csv = "event,node,start,end\n\
    ///     form start,,1764120000000,\n\
    ///     question,/data/org,1764120000000,1764120030000\n\
    ///     form exit,,1764120030000,\n\
    ///     form resume,,1764123600000,\n\
    ///     question,/data/staff,1764123600000,1764123610500\n";
    /// let log = InterviewLog::read(csv.as_bytes());
    /// assert_eq!(log.seconds(), Some(40), "the hour between was a pause");
    /// assert_eq!(log.nodes[1].milliseconds, 10_500);
    /// ```
    pub fn read(from: impl Read) -> Self {
        let mut log = Self::default();
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(from.take(MOST_BYTES));
        let (mut record, mut columns) = (ByteRecord::new(), None);
        let mut screens: Vec<(i64, i64)> = Vec::new();
        let mut nodes: IndexMap<String, (i64, u32)> = IndexMap::new();
        let mut rows: u64 = 0;
        // A reader of bytes fails only where what it reads from does.
        while let Ok(true) = reader.read_byte_record(&mut record) {
            let Some(known) = &columns else {
                columns = Columns::of(&record);
                if columns.is_none() {
                    log.unreadable_rows = 1;
                    return log;
                }
                continue;
            };
            rows += 1;
            if rows > MOST_ROWS {
                log.cut_off = true;
                break;
            }
            match read_row(&record, known) {
                Row::Screen(start, end, node) => {
                    screens.push((start, end));
                    log.screens += 1;
                    let Some(node) = node else { continue };
                    if nodes.len() >= MOST_NODES && !nodes.contains_key(&node) {
                        log.cut_off = true;
                        continue;
                    }
                    let (milliseconds, visits) = nodes.entry(node).or_default();
                    *milliseconds += end - start;
                    *visits += 1;
                }
                Row::Moment => {}
                Row::Impossible => log.impossible_times += 1,
                Row::Unreadable => log.unreadable_rows += 1,
            }
        }
        log.cut_off |= reader.position().byte() >= MOST_BYTES;
        log.milliseconds = covered(screens);
        let nodes = nodes.into_iter().map(|(node, (milliseconds, visits))| NodeTime {
            node,
            milliseconds,
            visits,
        });
        log.nodes = nodes.collect();
        log
    }

    /// How long the interview took without its pauses, in whole seconds; none where nothing was measured.
    pub fn seconds(&self) -> Option<i64> {
        (self.screens > 0).then_some(self.milliseconds / 1_000)
    }

    /// How long each question of a form was asked, in the order of the log; a reason for no figure and a tick of a soft
    /// check count for the question that they belong to.
    pub fn questions(&self, form: &Form) -> Vec<QuestionTime> {
        let mut times: IndexMap<String, QuestionTime> = IndexMap::new();
        for node in &self.nodes {
            let Some((element, path)) = asked(form, &node.node) else {
                continue;
            };
            let time = times.entry(path.clone()).or_insert_with(|| QuestionTime {
                element,
                path,
                milliseconds: 0,
                visits: 0,
            });
            time.milliseconds += node.milliseconds;
            time.visits += node.visits;
        }
        times.into_values().collect()
    }

    /// What is to be said of the log itself, at the question that holds it.
    pub fn findings(&self, form: &Form, path: &str, label: &Text) -> Vec<Problem> {
        let unknown: Vec<&str> = self
            .nodes
            .iter()
            .map(|node| node.node.as_str())
            .filter(|node| asked(form, node).is_none())
            .collect();
        let mut problems = Vec::new();
        if self.unreadable_rows > 0 || self.impossible_times > 0 || self.cut_off || self.screens == 0 {
            let details = [self.unreadable_rows.to_string(), self.impossible_times.to_string()];
            problems.push(Problem::new(ProblemCode::LogDamaged, details));
        }
        if !unknown.is_empty() {
            let named = unknown.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
            problems.push(Problem::new(
                ProblemCode::LogOfOthers,
                [unknown.len().to_string(), named],
            ));
        }
        problems.into_iter().map(|problem| problem.at(path, label)).collect()
    }
}

fn read_row(record: &ByteRecord, columns: &Columns) -> Row {
    let field = |column: usize| record.get(column).map(<[u8]>::trim_ascii).unwrap_or_default();
    let time = |column: usize| match field(column) {
        [] => Ok(None),
        digits => std::str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .map(Some)
            .ok_or(()),
    };
    let (Ok(start), Ok(end)) = (time(columns.start), time(columns.end)) else {
        return Row::Unreadable;
    };
    let Some(start) = start.filter(|_| !field(columns.event).is_empty()) else {
        return Row::Unreadable;
    };
    let Some(end) = end else {
        return if start < 0 { Row::Impossible } else { Row::Moment };
    };
    if start < 0 || end > LATEST || !(0..=LONGEST_SCREEN).contains(&end.saturating_sub(start)) {
        return Row::Impossible;
    }
    let node = std::str::from_utf8(field(columns.node))
        .ok()
        .filter(|node| node.len() <= LONGEST_NODE);
    // The outermost element is called as the form likes.
    let node = node.and_then(|node| {
        let (_, within) = node.strip_prefix('/')?.split_once('/')?;
        Some(format!("/{within}"))
    });
    Row::Screen(start, end, node)
}

/// How long at least one of these was going on.
fn covered(mut screens: Vec<(i64, i64)>) -> i64 {
    screens.sort_unstable();
    let (mut sum, mut until) = (0_i64, i64::MIN);
    for (start, end) in screens {
        sum += (end - start.max(until)).max(0);
        until = until.max(end);
    }
    sum
}

/// The question or group of a node, and its path here: that of the question that a companion belongs to.
fn asked(form: &Form, node: &str) -> Option<(ElementId, String)> {
    let plain: Vec<&str> = node
        .split('/')
        .map(|step| step.split('[').next().unwrap_or(step))
        .collect();
    if let Some(id) = form.find_path(&plain.join("/")) {
        return Some((id, node.to_owned()));
    }
    let (around, name) = node.rsplit_once('/')?;
    let (outer, _) = plain.split_at_checked(plain.len().checked_sub(1)?)?;
    let parent = match outer {
        [] | [""] => None,
        outer => Some(form.find_path(&outer.join("/"))?),
    };
    let of = companion_of(form, parent, name)?;
    Some((of.id, format!("{around}/{}", of.name)))
}

/// The question that a companion of this name stands beside on a phone.
fn companion_of<'f>(form: &'f Form, parent: Option<ElementId>, name: &str) -> Option<&'f Element> {
    let beside = |name: &str| form.child(parent, name).and_then(|id| form.get(id));
    let reason = name.strip_suffix(MissingCode::COMPANION_SUFFIX).and_then(beside);
    if let Some(of) = reason.filter(|of| !of.missing.is_empty()) {
        return Some(of);
    }
    let digits = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number: usize = name.get(digits.len()..)?.parse().ok()?;
    let of = beside(digits.strip_suffix("_warn")?)?;
    let known = (1..=of.warn_if.len()).contains(&number);
    (known && Companion::warning_name(&of.name, number) == name).then_some(of)
}

/// The times of questions over many interviews, in milliseconds: of a question in a repeat, all entries of an interview
/// together.
#[derive(Debug, Default)]
pub struct TimesOfMany {
    by_element: HashMap<ElementId, Vec<f64>>,
}

impl TimesOfMany {
    /// Adds an interview.
    pub fn add(&mut self, times: &[QuestionTime]) {
        let mut sums: HashMap<ElementId, f64> = HashMap::new();
        for time in times {
            *sums.entry(time.element).or_default() += time.milliseconds as f64;
        }
        for (element, milliseconds) in sums {
            self.by_element.entry(element).or_default().push(milliseconds);
        }
    }

    /// The times of each question or group that any interview was timed at, in the order of a form.
    pub fn in_order<'s>(&'s self, definition: &'s Definition) -> impl Iterator<Item = (&'s Element, &'s [f64])> {
        definition
            .elements()
            .iter()
            .filter_map(|element| Some((element, self.by_element.get(&element.id)?.as_slice())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;

    fn log(rows: &str) -> InterviewLog {
        InterviewLog::read(format!("event,node,start,end\n{rows}").as_bytes())
    }

    fn form() -> std::sync::Arc<Form> {
        let yaml = "{survey: s, version: '1', title: S, questions: [\
            {type: integer, name: staff, label: Staff, missing: [refused], warn_if: [{test: . > 9, message: Sure?}]},\
            {type: repeat, name: site, label: Site, questions: [{type: text, name: town, label: Town}]}]}";
        Form::new(Definition::from_yaml("s.yaml", yaml).unwrap().value)
    }

    #[test]
    fn pauses_are_no_part_of_an_interview_and_screens_at_once_count_once() {
        let log = log("form start,,1000,\n\
            question,/data/a,1000,3000\n\
            group questions,/data/g,4000,9000\n\
            question,/data/g/b,5000,6000\n\
            form exit,,9000,\nform resume,,900000,\n\
            question,/data/a,900000,901000\n\
            form save,,901000,\nform finalize,,901500,\n");
        assert_eq!((log.seconds(), log.screens), (Some(8), 4));
        let times: Vec<(&str, i64, u32)> = log
            .nodes
            .iter()
            .map(|one| (one.node.as_str(), one.milliseconds, one.visits))
            .collect();
        assert_eq!(times, [("/a", 3000, 2), ("/g", 5000, 1), ("/g/b", 1000, 1)]);
        assert_eq!((log.unreadable_rows, log.impossible_times, log.cut_off), (0, 0, false));
    }

    #[test]
    fn further_columns_in_any_order_and_quoted_answers_are_passed_over() {
        let csv = "\u{feff}event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user,change-reason\r\n\
            question,/data/a,1000,2000,47.1,130.2,5.0,\"a \"\"b\"\",\nc\",d,li,\r\n";
        assert_eq!(InterviewLog::read(csv.as_bytes()).seconds(), Some(1));
        let other = "start,end,node,event\n1000,2500,/data/a,question\n";
        assert_eq!(InterviewLog::read(other.as_bytes()).milliseconds, 1500);
    }

    #[test]
    fn what_is_damaged_is_counted_and_the_rest_is_read() {
        let log = log("question,/data/a,1000,2000\n\
            question,/data/a,2000,1000\n\
            question,/data/a,-5,1000\n\
            question,/data/a,0,999999999999\n\
            question,/data/a,soon,later\n\
            question,/data/a\n\
            \u{0}\u{1},,,\n\
            question,/data/b,3000,\n");
        assert_eq!(
            (log.milliseconds, log.impossible_times, log.unreadable_rows),
            (1000, 3, 3)
        );
        for broken in ["", "not a log at all", "a,b\n1,2\n", "event,node\nquestion,/data/a\n"] {
            let log = InterviewLog::read(broken.as_bytes());
            assert_eq!((log.seconds(), log.nodes.len()), (None, 0), "{broken}");
            let findings = log.findings(&form(), "/audit", &Text::default());
            assert_eq!(findings[0].code, ProblemCode::LogDamaged, "{broken}");
        }
        assert!(
            InterviewLog::read(b"event,node,start,end\n\xFF\xFE,\xFF,1,2\n".as_slice())
                .nodes
                .is_empty()
        );
    }

    #[test]
    fn a_huge_log_is_read_to_its_bound_and_no_further() {
        let row = |number: usize| format!("question,/data/q{number},{number},{}\n", number + 1);
        let rows: String = (0..150_000).map(row).collect();
        let log = log(&rows);
        assert!(log.cut_off);
        assert_eq!((log.screens, log.nodes.len()), (100_000, MOST_NODES));
        let endless = std::io::repeat(b'x');
        let log = InterviewLog::read(endless);
        assert!(log.unreadable_rows > 0 && log.nodes.is_empty());
    }

    #[test]
    fn companions_count_for_their_question_and_unknown_nodes_are_told() {
        let log = log("question,/data/staff,0,1000\nquestion,/data/staff_missing,1000,1500\n\
            question,/data/staff_warn1,1500,1600\nquestion,/data/staff_warn2,1600,1700\n\
            question,/data/site[2]/town,1700,2000\nquestion,/data/gone/x,2000,2100\n");
        let times = log.questions(&form());
        let told: Vec<(&str, i64, u32)> = times
            .iter()
            .map(|one| (one.path.as_str(), one.milliseconds, one.visits))
            .collect();
        assert_eq!(told, [("/staff", 1600, 3), ("/site[2]/town", 300, 1)]);
        let findings = log.findings(&form(), "/audit", &Text::default());
        assert_eq!(findings[0].code, ProblemCode::LogOfOthers);
        assert!(
            findings[0].message("en").contains("/staff_warn2, /gone/x"),
            "{}",
            findings[0].message("en")
        );
    }
}
