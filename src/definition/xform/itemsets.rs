//! The file of those choice lists that are too long for a form: clients look their choices up in it.

use crate::definition::choices::ChoiceList;
use crate::definition::model::Definition;
use crate::definition::xlsform::written;

/// The name under which clients look for the file.
pub const ITEMSETS: &str = "itemsets.csv";

/// The external choice lists of a definition (XLSForm's `select_one_external`) as one table of CSV: `list_name`, `name`,
/// `label` (one per language where there are several), and the columns that filters read. The same bytes each time.
///
/// # Errors
/// Never where memory suffices: a text takes whatever is written into it.
pub fn itemsets(definition: &Definition) -> Result<Vec<u8>, csv::Error> {
    let lists: Vec<&ChoiceList> = definition
        .choices()
        .values()
        .filter(|list| list.is_external())
        .collect();
    let choices = || {
        lists
            .iter()
            .flat_map(|list| list.choices().iter().map(|choice| (list.name(), choice)))
    };
    let mut languages: Vec<&str> = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    for (_, choice) in choices() {
        add_new(&mut languages, choice.label.iter().map(|(language, _)| language));
        add_new(&mut columns, choice.columns.iter().map(|(name, _)| name.as_str()));
    }
    let heads = ["list_name".to_owned(), "name".to_owned()].into_iter();
    let heads = heads.chain(languages.iter().map(|language| head(definition, language)));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(heads.chain(columns.iter().map(|column| (*column).to_owned())))?;
    for (list, choice) in choices() {
        let labels = languages
            .iter()
            .map(|language| choice.label.exact(language).unwrap_or_default());
        let cells = columns.iter().map(|column| {
            let cell = choice.columns.iter().find(|(name, _)| name.as_str() == *column);
            cell.map_or("", |(_, value)| value.as_str())
        });
        table.write_record([list, choice.name.as_str()].into_iter().chain(labels).chain(cells))?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

fn add_new<'a>(known: &mut Vec<&'a str>, more: impl Iterator<Item = &'a str>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

/// The head of the labels in a language: `label::中文 (zh)`, or `label` alone in XLSForm's unnamed language.
fn head(definition: &Definition, language: &str) -> String {
    match definition.languages().get(language) {
        _ if language.is_empty() => "label".to_owned(),
        Some(name) => format!("label::{}", written(language, name)),
        None => format!("label::{language}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Book;

    #[test]
    fn external_lists_become_one_table_with_the_columns_of_their_filters() {
        let book = Book::from_markdown(
            "\
| survey           |                           |      |           |
|                  | type                      | name | label::en | choice_filter |
|                  | text                      | city | City      |               |
|                  | select_one_external towns | town | Town      | city=${city}  |
| external_choices |                           |      |           |
|                  | list_name                 | name | label::en | city          |
|                  | towns                     | t1   | Town, one | a             |
|                  | towns                     | t2   | Town 2    | b             |
",
        );
        let definition = Definition::from_xlsform("towns.md", &book).unwrap().value;
        let table = String::from_utf8(itemsets(&definition).unwrap()).unwrap();
        assert_eq!(
            table,
            "list_name,name,label::en,city\ntowns,t1,\"Town, one\",a\ntowns,t2,Town 2,b\n"
        );
        assert_eq!(definition.files_read(), [ITEMSETS]);
    }
}
