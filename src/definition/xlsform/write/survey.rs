//! The sheet `survey`: a row for each question, and rows that begin and end groups.

use indexmap::IndexSet;
use vecmap::VecMap;

use super::own::{About, Own};
use super::words::Columns;
use super::{Cells, put, table};
use crate::definition::choices::{ChoiceSource, Select};
use crate::definition::element::{Companion, DefaultValue, Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::xlsform::book::Sheet;
use crate::definition::xlsform::columns::{Kind as Sheets, MEDIA, Target};
use crate::definition::xlsform::dynamic::is_dynamic;
use crate::definition::xlsform::exact::{quoted_default, through_cell};
use crate::definition::xlsform::parameters::parameters;

/// The sheet.
pub(super) fn sheet(definition: &Definition, columns: &Columns, own: &mut Own) -> Sheet {
    let mut writer = Writer {
        definition,
        columns,
        own,
        rows: Vec::new(),
    };
    writer.rows_in(None);
    let rows = writer.rows;
    let (headers, kept) = headers(definition, columns);
    table("survey", headers, kept, &rows)
}

/// All headers in the order of their columns, and how many of the first are always there.
fn headers(definition: &Definition, columns: &Columns) -> (Vec<String>, usize) {
    let mut headers = ["type", "name"].map(str::to_owned).to_vec();
    headers.extend(columns.headers("label"));
    let kept = headers.len();
    for key in [
        "hint",
        "guidance_hint",
        "required",
        "required_message",
        "relevant",
        "constraint",
        "constraint_message",
        "choice_filter",
        "calculation",
        "bind::type",
        "default",
        "read_only",
        "trigger",
        "appearance",
        "parameters",
        "repeat_count",
        "save_to",
    ] {
        match key {
            "hint" | "guidance_hint" | "required_message" | "constraint_message" => {
                headers.extend(columns.headers(key));
            }
            _ => headers.push(key.to_owned()),
        }
    }
    for kind in MEDIA {
        headers.extend(columns.headers(&format!("media::{kind}")));
    }
    for prefix in ["bind", "body", "instance", "extra"] {
        let names: IndexSet<&String> = definition
            .elements()
            .iter()
            .flat_map(|element| map(element, prefix).keys())
            .collect();
        headers.extend(names.into_iter().map(|name| attribute_header(prefix, name)));
    }
    (headers, kept)
}

/// The map of an element whose keys are columns that begin with a prefix.
fn map<'e>(element: &'e Element, prefix: &str) -> &'e VecMap<String, String> {
    match prefix {
        "bind" => &element.bind,
        "body" => &element.body,
        "instance" => &element.instance,
        _ => &element.extra,
    }
}

fn attribute_header(prefix: &str, name: &str) -> String {
    match prefix {
        "extra" => name.to_owned(),
        prefix => format!("{prefix}::{name}"),
    }
}

/// Whether a column of this name comes back as what it was.
fn comes_back(prefix: &str, name: &str) -> bool {
    let target = match prefix {
        "bind" if name == "jr:noAppErrorString" => Target::Key("no_app_error_string"),
        "bind" => Target::Bind(name.to_owned()),
        "body" => Target::Body(name.to_owned()),
        "instance" => Target::Instance(name.to_owned()),
        _ => match name {
            "autoplay" => Target::Key("autoplay"),
            "intent" => Target::Key("intent"),
            "rows" => Target::Key("rows"),
            _ => Target::Other(name.to_owned()),
        },
    };
    Sheets::Survey.target(&attribute_header(prefix, name), true) == (target, None)
}

struct Writer<'w> {
    definition: &'w Definition,
    columns: &'w Columns,
    own: &'w mut Own,
    rows: Vec<Cells>,
}

impl Writer<'_> {
    fn rows_in(&mut self, parent: Option<ElementId>) {
        for id in self.definition.children(parent) {
            let Some(element) = self.definition.get(*id) else {
                continue;
            };
            let container = match element.kind {
                Kind::Group => Some("group"),
                Kind::Repeat => Some("repeat"),
                Kind::Question(_) => None,
            };
            let row = self.row(element);
            self.rows.push(row);
            if let Some(container) = container {
                self.rows_in(Some(*id));
                let mut end = Cells::new();
                put(&mut end, "type", format!("end_{container}"));
                put(&mut end, "name", &element.name);
                self.rows.push(end);
            }
        }
    }

    fn row(&mut self, element: &Element) -> Cells {
        let name = match self.definition.find(&element.name) {
            Some(_) => element.name.clone(),
            None => self.definition.path(element.id).to_owned(),
        };
        let about = About {
            sheet: "survey",
            name: &name,
            ..About::default()
        };
        let mut cells = Cells::new();
        put(&mut cells, "type", self.row_type(element));
        put(&mut cells, "name", &element.name);
        self.texts(element, about, &mut cells);
        self.expressions(element, about, &mut cells);
        self.attributes(element, about, &mut cells);
        self.own_keys(element, about);
        cells
    }

    /// The type as XLSForm writes it.
    fn row_type(&self, element: &Element) -> String {
        let question_type = match &element.kind {
            Kind::Group => return "begin_group".to_owned(),
            Kind::Repeat => return "begin_repeat".to_owned(),
            Kind::Question(question_type) => question_type,
        };
        let Some(select) = question_type.select() else {
            return question_type.name().to_owned();
        };
        let list = match &select.source {
            ChoiceSource::List(name) | ChoiceSource::File(name) => name.clone(),
            ChoiceSource::Question(name) => format!("${{{name}}}"),
        };
        format!("{} {list}", self.command(question_type, select))
    }

    fn command(&self, question_type: &QuestionType, select: &Select) -> &'static str {
        let list = select.list().and_then(|list| self.definition.choices().get(list));
        if list.is_some_and(crate::definition::ChoiceList::is_external) {
            "select_one_external"
        } else {
            question_type.name()
        }
    }

    fn texts(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        for (key, text) in element.texts() {
            for (header, words) in self.columns.cells(key, text) {
                put(cells, header, words);
            }
            self.own.exact_text(about, key, text, self.columns);
        }
        for (kind, files) in &element.media {
            for (header, file) in self.columns.cells(&format!("media::{kind}"), files) {
                put(cells, header, file);
            }
            self.own
                .exact_text(about, &format!("media/{kind}"), files, self.columns);
        }
    }

    fn expressions(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        let formulas: [(&str, &Option<Formula>); 7] = [
            ("relevant", &element.relevant),
            ("constraint", &element.constraint),
            ("required", &element.required),
            ("calculation", &element.calculation),
            ("read_only", &element.read_only),
            ("choice_filter", &element.choice_filter),
            ("repeat_count", &element.repeat_count),
        ];
        for (key, formula) in formulas {
            let Some(formula) = formula else { continue };
            let source = formula.source();
            let always = matches!(key, "required" | "read_only") && source == "true()";
            put(cells, key, if always { "yes" } else { source });
            self.own.exact(about, key, source);
        }
        let triggers: Vec<&str> = element.trigger.iter().map(Formula::source).collect();
        put(cells, "trigger", triggers.join(", "));
        self.default(element, about, cells);
    }

    fn default(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        let Some(default) = &element.default else { return };
        let (words, dynamic) = match default {
            DefaultValue::Fixed(words) => (words.as_str(), false),
            DefaultValue::Dynamic(formula) => (formula.source(), true),
        };
        let kept = element
            .question_type()
            .is_some_and(|question_type| is_dynamic(&through_cell(words), question_type) == dynamic);
        if kept {
            put(cells, "default", words);
            self.own.exact(about, "default", words);
        } else if !dynamic {
            // A fixed value that tools would calculate is calculated to itself.
            put(cells, "default", quoted_default(words).unwrap_or_default());
            self.own.say(about, "default", words);
        } else {
            put(cells, "default", words);
        }
    }

    fn attributes(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        if let Some(appearance) = &element.appearance {
            put(cells, "appearance", appearance);
            self.own.exact(about, "appearance", appearance);
        }
        if let Some(QuestionType::Calculate(data_type)) = element.question_type()
            && *data_type != DataType::String
        {
            put(cells, "bind::type", data_type.name());
        }
        self.parameters(element, about, cells);
        self.save_to(element, about, cells);
        for prefix in ["bind", "body", "instance", "extra"] {
            for (name, value) in map(element, prefix) {
                let kept = comes_back(prefix, name);
                put(
                    cells,
                    attribute_header(prefix, name),
                    if kept { value.as_str() } else { "" },
                );
                if !kept || value.is_empty() || through_cell(value) != *value {
                    self.own.say(about, &format!("{prefix}/{name}"), value);
                }
            }
        }
    }

    fn parameters(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        let mut pairs = Vec::new();
        for (name, value) in &element.parameters {
            let pair = format!("{name}={value}");
            let read = parameters(&pair).unwrap_or_default();
            match read.get(name) {
                Some(read) if read == value => pairs.push(pair),
                // XLSForm takes values in lower case.
                Some(read) if read.to_lowercase() == value.to_lowercase() => {
                    pairs.push(pair);
                    self.own.say(about, &format!("parameters/{name}"), value);
                }
                _ => self.own.say(about, &format!("parameters/{name}"), value),
            }
        }
        put(cells, "parameters", pairs.join(" "));
    }

    fn save_to(&mut self, element: &Element, about: About<'_>, cells: &mut Cells) {
        let several = self.definition.entities().len() > 1;
        for (number, (list, property)) in element.save_to.iter().enumerate() {
            if number > 0 {
                self.own.say(about, &format!("save_to/{list}"), property);
            } else if several {
                put(cells, "save_to", format!("{list}#{property}"));
            } else {
                put(cells, "save_to", property);
            }
        }
    }

    fn own_keys(&mut self, element: &Element, about: About<'_>) {
        match &element.companion {
            Some(Companion::Missing { of }) => self.own.say(about, "missing_of", of),
            Some(Companion::Warning { of, test }) => self.own.say(about, &format!("warning_of/{of}"), test.source()),
            Some(Companion::Other { of }) => self.own.say(about, "other_of", of),
            Some(Companion::Codes { .. }) | None => {}
        }
        if let Some(unit) = &element.unit {
            if unit.code.is_empty() {
                self.own.text(about, "unit", &unit.label);
            } else {
                self.own.say(about, "unit", &unit.code);
            }
        }
        for (key, set) in [("personal", element.personal), ("identifying", element.identifying)] {
            if set {
                self.own.say(about, key, "true");
            }
        }
        self.own.aliases(about, &element.aliases);
    }
}
