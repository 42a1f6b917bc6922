//! Input checks: what Excel lets a person type into an answer, and what it says beside the cell.

use rust_xlsxwriter::{DataValidation, DataValidationRule, ExcelDateTime, Formula, XlsxError};

use crate::definition::{Element, QuestionType};

use super::super::layout::{self, Target};
use super::super::words::TICK;
use super::lists::Lists;
use super::{Page, relevance};

/// The check on the cells of one question. `first` is the first of them, as a formula names it (`E5`).
pub(super) fn check(
    page: &Page<'_>,
    element: &Element,
    target: Target,
    first: &str,
    lists: &mut Lists,
) -> Result<Option<DataValidation>, XlsxError> {
    let Some(kind) = element.question_type() else {
        return Ok(None);
    };
    let missing = (!element.missing.is_empty()).then(|| lists.range(missing_words(page, element)));
    let either = |condition: String| match &missing {
        Some(range) => Formula::new(format!("=OR({condition},COUNTIF({range},{first})>0)")),
        None => Formula::new(format!("={condition}")),
    };
    let check = DataValidation::new();
    let check = match (kind, target) {
        (QuestionType::SelectMultiple(_), Target::Option(..)) | (QuestionType::Acknowledge, _) => {
            check.allow_list_strings(&[TICK])?
        }
        (QuestionType::Rank(_), Target::Option(id, _)) => {
            let most = page
                .definition
                .get(id)
                .map_or(1, |element| layout::options(page.definition, element).len());
            check.allow_whole_number(DataValidationRule::Between(1, i32::try_from(most).unwrap_or(i32::MAX)))
        }
        (QuestionType::SelectOne(_), _) => {
            let offers = layout::options(page.definition, element);
            if offers.is_empty() {
                return Ok(None);
            }
            let range = lists.range(layout::offer_words(&offers, page.language));
            check.allow_list_formula(Formula::new(format!("={range}")))
        }
        (QuestionType::Integer | QuestionType::Decimal | QuestionType::Range, _) => {
            let mut conditions = vec![format!("ISNUMBER({first})")];
            if *kind == QuestionType::Integer {
                conditions.push(format!("INT({first})={first}"));
            }
            conditions.extend(
                bounds(element)
                    .iter()
                    .map(|(comparison, bound)| format!("{first}{comparison}{bound}")),
            );
            // A text within AND would be an error where it is compared: IF asks for the number first.
            let [is_number, rest @ ..] = conditions.as_slice() else {
                return Ok(None);
            };
            let rest = if rest.is_empty() {
                "TRUE".to_owned()
            } else {
                format!("AND({})", rest.join(","))
            };
            check.allow_custom(either(format!("IF({is_number},{rest},FALSE)")))
        }
        (QuestionType::Date | QuestionType::DateTime, _) if missing.is_none() => {
            let (from, to) = (
                ExcelDateTime::from_ymd(1900, 1, 1)?,
                ExcelDateTime::from_ymd(2999, 12, 31)?,
            );
            check.allow_date(DataValidationRule::Between(from, to))
        }
        (QuestionType::Date | QuestionType::DateTime | QuestionType::Time, _) => {
            check.allow_custom(either(format!("ISNUMBER({first})")))
        }
        _ => check.allow_text_length(DataValidationRule::LessThanOrEqualTo(10_000)),
    };
    let own = element.constraint_message.get(page.language);
    let refusal = if own.is_empty() {
        page.words.refusal(element)
    } else {
        own
    };
    let mut check = check
        .set_error_title(page.words.choose("请核对", "Please check"))?
        .set_error_message(cut(refusal, 255))?;
    let advice = advice(page, element);
    if !advice.is_empty() {
        check = check.set_input_message(cut(&advice, 255))?;
    }
    Ok(Some(check))
}

/// What is said beside the cell: the hint, when it is asked, and what stands for a missing answer.
pub(super) fn advice(page: &Page<'_>, element: &Element) -> String {
    let mut lines = Vec::new();
    let hint = element.hint.get(page.language);
    if !hint.is_empty() {
        lines.push(hint.to_owned());
    }
    lines.extend(relevance::in_words(page, element));
    let is_select = element.question_type().is_some_and(|kind| kind.select().is_some());
    if !element.missing.is_empty() && !is_select {
        let words = page.words.list(missing_words(page, element));
        lines.push(format!(
            "{}{words}",
            page.words.choose("没有答案时可填：", "Without an answer, give: ")
        ));
    }
    lines.join("\n")
}

fn missing_words(page: &Page<'_>, element: &Element) -> Vec<String> {
    element
        .missing
        .iter()
        .map(|code| code.label().get(page.language).to_owned())
        .collect()
}

/// A text of at most this many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most - 1).chain(['…']).collect()
    }
}

/// The range of a number in words, as far as it is plain; empty where there is none.
pub(super) fn range_words(page: &Page<'_>, element: &Element) -> String {
    let bounds = bounds(element);
    let bound = |first: &str| bounds.iter().find(|(comparison, _)| comparison.starts_with(first));
    let language = page.words.language();
    match (bound(">"), bound("<")) {
        (Some((_, low)), Some((_, high))) => {
            language.choose(format!("{low} 至 {high}"), format!("from {low} to {high}"))
        }
        (Some((_, low)), None) => language.choose(format!("不小于 {low}"), format!("{low} or more")),
        (None, Some((_, high))) => language.choose(format!("不大于 {high}"), format!("{high} at most")),
        (None, None) => String::new(),
    }
}

/// The plain bounds among the conditions that all have to hold: `. >= 0 and . <= 100 and …`.
fn bounds(element: &Element) -> Vec<(&'static str, f64)> {
    let mut bounds = Vec::new();
    for (key, comparison) in [("start", ">="), ("end", "<=")] {
        if let Some(Ok(bound)) = element.parameters.get(key).map(|bound| bound.parse()) {
            bounds.push((comparison, bound));
        }
    }
    let Some(constraint) = &element.constraint else {
        return bounds;
    };
    let conditions = relevance::conditions(constraint.source());
    for condition in conditions.iter().flatten() {
        for comparison in [">=", "<=", ">", "<"] {
            let bound = condition
                .strip_prefix('.')
                .map(str::trim_start)
                .and_then(|rest| rest.strip_prefix(comparison));
            if let Some(Ok(bound)) = bound.map(|bound| bound.trim().parse::<f64>()) {
                bounds.push((comparison, bound));
                break;
            }
        }
    }
    bounds
}
