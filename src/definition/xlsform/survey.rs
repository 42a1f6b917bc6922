//! Reading the sheet `survey`: a row for each question, and rows that begin and end groups.

use super::Reader;
use super::book::Reading;
use super::columns::{Kind as Sheets, Target};
use super::loops::unroll;
use super::question::element;
use super::settings::FormSettings;
use super::table::{Row, Table};
use super::text::flag;
use super::types::{Command, Container, Refusal, RowType, names, row_type};
use crate::definition::element::Kind;
use crate::definition::formula::Formula;
use crate::definition::model::ElementId;
use crate::definition::outline::Outline;
use crate::definition::place::{Diagnostic, Place, nearest};
use crate::definition::question_type::QuestionType;
use crate::definition::text::Text;

/// Reads the sheet into the outline, whose choices and entities are known.
pub(super) fn survey(sheet: &Reading<'_>, form: &mut FormSettings, outline: &mut Outline, reader: &mut Reader) {
    let table = Table::read(
        &reader.file,
        sheet,
        Sheets::Survey,
        &mut reader.languages,
        &mut reader.found,
    );
    outline.top.note("questions", table.header_place(&Target::Key("type")));
    if !table.require("type", Sheets::Survey, &mut reader.found) {
        return;
    }
    unknown_columns(&table, reader);
    let lists = outline.entities.iter().map(|entity| entity.list.clone()).collect();
    let mut walk = Walk {
        form,
        outline,
        reader,
        lists,
        open: Vec::new(),
    };
    for row in table.rows() {
        walk.row(row);
    }
    walk.finish();
}

/// Columns that are probably misspelt. Others are people's own notes.
fn unknown_columns(table: &Table<'_>, reader: &mut Reader) {
    for column in table.columns() {
        let Target::Other(header) = &column.target else {
            continue;
        };
        let word = header.split(':').next().unwrap_or_default().trim().to_lowercase();
        if let Some(near) = nearest(&word, Sheets::Survey.known()) {
            reader.found.push(
                Diagnostic::warning(
                    table.header_place(&column.target),
                    format!("the column '{header}' is not known"),
                )
                .with_help(format!("did you mean '{near}'?")),
            );
        }
    }
}

/// A group or repeat that has begun.
struct Open {
    container: Container,
    id: Option<ElementId>,
    name: String,
    place: Place,
}

struct Walk<'w> {
    form: &'w mut FormSettings,
    outline: &'w mut Outline,
    reader: &'w mut Reader,
    /// The lists of entities.
    lists: Vec<String>,
    open: Vec<Open>,
}

impl Walk<'_> {
    fn row(&mut self, row: Row<'_>) {
        if let Some(cell) = row.cell("disabled") {
            self.reader.found.push(
                Diagnostic::warning(cell.place(), "the column 'disabled' is no part of XLSForm any more")
                    .with_help("delete the row, or write no() under 'relevant'"),
            );
            if flag(cell.text) == Some(true) {
                return;
            }
        }
        let Some(cell) = row.cell("type") else {
            self.untyped(row);
            return;
        };
        match row_type(cell.text) {
            Ok(RowType::Begin(container)) => self.begin(row, container),
            Ok(RowType::End(container)) => self.end(row, &container),
            Ok(RowType::Question(question_type)) => {
                self.question(row, question_type);
            }
            Ok(RowType::Select(command, select)) => {
                if command == Command::External {
                    self.external(row, select.list());
                }
                let question_type = match command {
                    Command::One | Command::External => QuestionType::SelectOne(select),
                    Command::Multiple => QuestionType::SelectMultiple(select),
                    Command::Rank => QuestionType::Rank(select),
                };
                self.question(row, question_type);
            }
            Ok(RowType::Preset(preset)) => {
                if let Some(id) = self.question(row, preset.question_type.clone())
                    && let Some(element) = self.outline.elements.get_mut(id.index())
                {
                    if element.constraint.is_none() {
                        element.constraint = Formula::read(preset.constraint, cell.place(), false).ok();
                    }
                    if element.hint.is_empty() && !preset.hint.is_empty() {
                        element.hint = Text::plain(preset.hint);
                    }
                }
            }
            Ok(RowType::Setting(setting)) => self.setting(row, setting),
            Err(refusal) => self.refuse(cell.place(), cell.text, refusal),
        }
    }

    fn untyped(&mut self, row: Row<'_>) {
        let said = row
            .cells()
            .find(|cell| matches!(cell.column.target, Target::Key("name" | "label")));
        self.reader.found.push(match said {
            Some(_) => Diagnostic::error(row.place("type"), "this question has no type")
                .with_help("write its type, such as text or select_one yes_no"),
            None => Diagnostic::warning(row.place("type"), "this row is not read: it has no type, name or label"),
        });
    }

    fn refuse(&mut self, place: Place, written: &str, refusal: Refusal) {
        let (message, help) = match refusal {
            Refusal::Unknown => {
                let first = written.split_whitespace().next().unwrap_or_default();
                let near = nearest(written, names()).or_else(|| nearest(first, names()));
                let help = match near {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
                };
                (format!("unknown type '{written}'"), help)
            }
            Refusal::NoList(command) => (
                format!("'{command}' names no list of choices"),
                format!("write the list after it: {command} yes_no"),
            ),
            Refusal::AfterList(rest) => (
                format!("'{rest}' after the list of a select"),
                "the name of a list has no spaces; only or_other can follow it".to_owned(),
            ),
            Refusal::Unsupported(name) => (
                format!("questions of type '{name}' can't be asked"),
                "ask for a place with geopoint, geotrace or geoshape".to_owned(),
            ),
        };
        self.reader
            .found
            .push(Diagnostic::error(place, message).with_help(help));
    }

    /// The name of a row; those that need none get one.
    fn name(&mut self, row: Row<'_>, question_type: Option<&QuestionType>) -> Option<String> {
        let written = row.get("name");
        match (question_type, written) {
            (Some(QuestionType::Audit), None | Some("audit")) => Some("audit".to_owned()),
            (Some(QuestionType::Audit), Some(name)) => {
                self.reader.found.push(
                    Diagnostic::error(row.place("name"), format!("the log of the interview is named '{name}'"))
                        .with_help("clients know it as 'audit': leave the name empty"),
                );
                None
            }
            (_, Some(name)) => Some(name.to_owned()),
            (Some(QuestionType::Note), None) => Some(format!("generated_note_name_{}", row.number())),
            (_, None) => {
                self.reader.found.push(
                    Diagnostic::error(row.place("name"), "this row has no name")
                        .with_help("give it a name of letters, digits and '_'"),
                );
                None
            }
        }
    }

    fn push(&mut self, row: Row<'_>, name: &str, kind: Kind) -> ElementId {
        let parent = self.open.last().and_then(|open| open.id);
        let (element, places) = element(row, name, kind, &self.lists, self.reader);
        self.outline.push(element, parent, places)
    }

    fn question(&mut self, row: Row<'_>, question_type: QuestionType) -> Option<ElementId> {
        let name = self.name(row, Some(&question_type))?;
        Some(self.push(row, &name, Kind::Question(question_type)))
    }

    fn begin(&mut self, row: Row<'_>, container: Container) {
        let kind = match container {
            Container::Repeat => Kind::Repeat,
            Container::Group | Container::Loop(_) => Kind::Group,
        };
        let name = self.name(row, None);
        let id = name.as_ref().map(|name| self.push(row, name, kind));
        self.open.push(Open {
            container,
            id: id.or_else(|| self.open.last().and_then(|open| open.id)),
            name: name.unwrap_or_default(),
            place: row.place("type"),
        });
    }

    fn end(&mut self, row: Row<'_>, container: &Container) {
        let what = container.name();
        match self.open.last() {
            Some(open) if open.container.is_kind_of(container) => {
                let loop_list = match &open.container {
                    Container::Loop(list) => Some((open.id, list.clone(), open.place.clone())),
                    _ => None,
                };
                self.open.pop();
                if let Some((Some(id), list, place)) = loop_list {
                    unroll(id, list.as_deref(), &place, self.outline, self.reader);
                }
            }
            Some(open) => {
                let (name, expected, place) = (open.name.clone(), open.container.name(), open.place.clone());
                self.reader.found.push(
                    Diagnostic::error(
                        row.place("type"),
                        format!("'end_{what}' where '{name}' is a {expected}"),
                    )
                    .with_help(format!(
                        "'{name}' begins {}: end it with 'end_{expected}'",
                        crate::definition::check::whereabouts(&place)
                    )),
                );
                // What was meant can't be told; going on as if it were right gives the fewest errors that follow.
                self.open.pop();
            }
            None => self.reader.found.push(
                Diagnostic::error(row.place("type"), format!("'end_{what}' ends nothing"))
                    .with_help(format!("remove the row, or begin it with 'begin_{what}'")),
            ),
        }
    }

    fn external(&mut self, row: Row<'_>, list: Option<&str>) {
        if row.cell("choice_filter").is_none() {
            self.reader.found.push(Diagnostic::warning(
                row.place("type"),
                "select_one_external without a choice filter shows the whole list",
            ));
        }
        let list = list.unwrap_or_default();
        if !self.outline.choices.get(list).is_some_and(|list| list.external) {
            self.reader.found.push(
                Diagnostic::error(
                    row.place("type"),
                    format!("the sheet 'external_choices' has no list '{list}'"),
                )
                .with_help("add it there, with the columns list_name, name and label"),
            );
        }
    }

    fn setting(&mut self, row: Row<'_>, setting: &'static str) {
        let Some(value) = row.get("name") else { return };
        let value = Some(value.to_owned());
        match setting {
            "title" => self.form.title = value,
            "survey" => self.form.survey = value,
            _ => self
                .form
                .settings
                .other
                .extend(value.map(|value| (setting.to_owned(), value))),
        }
    }

    fn finish(self) {
        for open in self.open {
            let what = open.container.name();
            self.reader.found.push(
                Diagnostic::error(open.place, format!("the {what} '{}' never ends", open.name))
                    .with_help(format!("add a row 'end_{what}' after its last question")),
            );
        }
    }
}
