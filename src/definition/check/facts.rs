//! What the expression module is told of the questions that an expression names.

use crate::definition::element::{Element, Kind};
use crate::definition::model::{Definition, ElementId, MISSING_SLOT};
use crate::definition::question_type::{DataType, QuestionType};
use crate::expression::{Facts, ValueKind};

/// What is known of the thing that a slot stands for, as seen from an element.
pub(super) fn of_slot(definition: &Definition, from: Option<&Element>, slot: u32) -> Option<Facts> {
    let named = definition.get(ElementId(slot & !MISSING_SLOT))?;
    let known = facts(definition, from, named);
    if slot & MISSING_SLOT == 0 {
        return Some(known);
    }
    // The companion: a code, or nothing where there is an answer.
    Some(Facts {
        may_be_empty: true,
        missing_codes: false,
        kind: ValueKind::Text,
        ..known
    })
}

/// The names that a select can hold, or a companion's codes; `None` where it is no select, or they lie in a file.
pub(super) fn choices_of_slot(definition: &Definition, slot: u32) -> Option<Vec<String>> {
    let named = definition.get(ElementId(slot & !MISSING_SLOT))?;
    let codes = named.missing.iter().map(|code| code.code().to_owned());
    if slot & MISSING_SLOT != 0 {
        return Some(codes.collect());
    }
    let select = named.question_type()?.select()?;
    let list = definition.choices().get(select.list()?)?;
    let other = select.or_other.then(|| "other".to_owned());
    Some(
        list.choices()
            .iter()
            .map(|choice| choice.name.clone())
            .chain(codes)
            .chain(other)
            .collect(),
    )
}

/// What is known of a question, as seen from an element.
pub(super) fn facts(definition: &Definition, from: Option<&Element>, named: &Element) -> Facts {
    let around = |id: ElementId| {
        definition
            .ancestors(id)
            .filter(|element| element.is_repeat())
            .map(|element| element.id)
    };
    let inside: Vec<ElementId> = from.map(|from| around(from.id).collect()).unwrap_or_default();
    Facts {
        repeated: around(named.id).any(|repeat| !inside.contains(&repeat)),
        may_be_empty: may_be_empty(definition, from, named),
        missing_codes: !named.missing.is_empty() && named.question_type().is_some_and(|kind| kind.select().is_some()),
        kind: kind(named),
    }
}

/// Whether a question can be without an answer where an element is asked.
fn may_be_empty(definition: &Definition, from: Option<&Element>, named: &Element) -> bool {
    let always_required = named
        .required
        .as_ref()
        .is_some_and(|formula| formula.source() == "true()");
    let codes_leave_it_empty =
        !named.missing.is_empty() && named.question_type().is_some_and(|kind| kind.select().is_none());
    if !always_required || codes_leave_it_empty {
        return true;
    }
    // Every condition that can keep it from being asked must also keep the element from being asked.
    let conditions = |element: &Element| -> Vec<String> {
        std::iter::once(element)
            .chain(definition.ancestors(element.id))
            .filter_map(|element| Some(element.relevant.as_ref()?.source().to_owned()))
            .collect()
    };
    let shared = from.map(conditions).unwrap_or_default();
    conditions(named).iter().any(|condition| !shared.contains(condition))
}

fn kind(element: &Element) -> ValueKind {
    let Kind::Question(question_type) = &element.kind else {
        return ValueKind::Nodes;
    };
    match question_type {
        QuestionType::Integer | QuestionType::Decimal | QuestionType::Range => ValueKind::Number,
        QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => ValueKind::Choices,
        QuestionType::Date | QuestionType::DateTime | QuestionType::Today | QuestionType::Start | QuestionType::End => {
            ValueKind::Date
        }
        QuestionType::Calculate(data_type) => match data_type {
            DataType::Int | DataType::Decimal => ValueKind::Number,
            DataType::Date | DataType::DateTime => ValueKind::Date,
            DataType::Boolean => ValueKind::Boolean,
            DataType::String | DataType::Time | DataType::Geopoint => {
                match element.calculation.as_ref().map(|formula| formula.expression().kind()) {
                    Some(ValueKind::Nodes) | None => ValueKind::Unknown,
                    Some(kind) => kind,
                }
            }
        },
        QuestionType::SelectOne(_) | QuestionType::Hidden => ValueKind::Unknown,
        _ => ValueKind::Text,
    }
}
