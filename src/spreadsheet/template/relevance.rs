//! When a question is asked, in words: a respondent with a workbook has no program that skips questions.

use crate::definition::{Definition, Element};

use super::super::layout;
use super::Page;

/// "Only where … is …", for the question's own condition and those of the groups around it.
pub(super) fn in_words(page: &Page<'_>, element: &Element) -> Option<String> {
    let around: Vec<&Element> = page.definition.ancestors(element.id).collect();
    let sources: Vec<&str> = (around.into_iter().rev().chain([element]))
        .filter_map(|element| element.relevant.as_ref())
        .map(crate::definition::Formula::source)
        .collect();
    if sources.is_empty() {
        return None;
    }
    let words: Option<Vec<String>> = sources
        .iter()
        .map(|source| {
            conditions(source)?
                .into_iter()
                .map(|condition| condition_in_words(page, condition))
                .collect()
        })
        .collect::<Option<Vec<Vec<String>>>>()
        .map(|words| words.concat());
    Some(match words {
        Some(words) => {
            let mut once: Vec<String> = Vec::new();
            for word in words {
                if !once.contains(&word) {
                    once.push(word);
                }
            }
            let joined = once.join(page.words.choose("，且", " and "));
            page.words
                .language()
                .choose(format!("仅在{joined}时填写。"), format!("Only where {joined}."))
        }
        None => page
            .words
            .choose(
                "是否填写视前面的答案而定，不适用请留空。",
                "Depends on earlier answers; leave it empty where it does not apply.",
            )
            .to_owned(),
    })
}

/// The conditions that all have to hold; nothing where they are joined in another way.
pub(super) fn conditions(source: &str) -> Option<Vec<&str>> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut conditions = Vec::new();
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, ' ') if depth == 0 && source.get(at..).is_some_and(|rest| rest.starts_with(" or ")) => return None,
            (None, _) if depth == 0 && source.get(at..).is_some_and(|rest| rest.starts_with(" and ")) => {
                conditions.push(source.get(start..at)?.trim());
                start = at + " and ".len();
            }
            _ => (),
        }
    }
    conditions.push(source.get(start..)?.trim());
    Some(conditions)
}

/// `${q} = 'x'`, `${q} != ''`, `${q} > 5` or `selected(${q}, 'x')` in words.
fn condition_in_words(page: &Page<'_>, condition: &str) -> Option<String> {
    let selected = condition
        .strip_prefix("selected(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (question, comparison, value) = if let Some(arguments) = selected {
        let (question, value) = arguments.split_once(',')?;
        (question, "=", value)
    } else {
        let comparison = ["!=", ">=", "<=", "=", ">", "<"]
            .into_iter()
            .find(|sign| condition.contains(sign))?;
        let (question, value) = condition.split_once(comparison)?;
        (question, comparison, value)
    };
    let name = question.trim().strip_prefix("${")?.strip_suffix('}')?;
    let element = page.definition.get(page.definition.find(name)?)?;
    let value = unquoted(value.trim())?;
    if element.label.get(page.language).is_empty() {
        return None; // A calculation, which nobody reads.
    }
    let label = page.words.language().choose(
        format!("“{}”", element.label.get(page.language)),
        format!("\"{}\"", element.label.get(page.language)),
    );
    let value = choice_label(page.definition, element, value, page.language).unwrap_or_else(|| value.to_owned());
    let words = page.words;
    Some(match (comparison, value.is_empty()) {
        ("!=", true) => format!("{label}{}", words.choose("已填写", " is answered")),
        ("=", true) => format!("{label}{}", words.choose("未填写", " is not answered")),
        ("=", false) => format!(
            "{label}{}{value}{}",
            words.choose("为“", " is \""),
            words.choose("”", "\"")
        ),
        ("!=", false) => format!(
            "{label}{}{value}{}",
            words.choose("不为“", " is not \""),
            words.choose("”", "\"")
        ),
        (comparison, false) => format!("{label} {comparison} {value} "),
        _ => return None,
    })
}

/// A number, or what stands between quotes.
fn unquoted(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    let inner = inner.or_else(|| value.strip_prefix('"').and_then(|value| value.strip_suffix('"')));
    match inner {
        Some(inner) => Some(inner).filter(|inner| !inner.contains(['\'', '"'])),
        None => Some(value).filter(|value| value.parse::<f64>().is_ok()),
    }
}

fn choice_label(definition: &Definition, element: &Element, value: &str, language: &str) -> Option<String> {
    let offers = layout::options(definition, element);
    let label = offers
        .iter()
        .find(|offer| offer.name == value)?
        .label
        .get(language)
        .to_owned();
    Some(label).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_parted_only_where_all_must_hold() {
        assert_eq!(
            conditions("${a} = 1 and (${b} = 2 or ${c} = 3)"),
            Some(vec!["${a} = 1", "(${b} = 2 or ${c} = 3)"])
        );
        assert_eq!(
            conditions("${a} = ' and ' and ${b} = 1"),
            Some(vec!["${a} = ' and '", "${b} = 1"])
        );
        assert_eq!(conditions("${a} = 1 or ${b} = 2"), None);
    }
}
