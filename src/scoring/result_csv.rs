//! The result as a CSV file: a row per unit, a column per element, and the rank.

use super::assessment::Assessment;

/// `unit` (and `time` for long tables), the score of every element under its id, `rank` of the index.
///
/// An indicator's score is its normalised value. A missing number is an empty cell.
///
/// ```
/// use innogauge::scoring::{Framework, Options, Table, assess, result_csv};
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}]}").unwrap().value;
/// let table = Table::read_csv("t.csv", "unit,a\nX,0\nY,5\n".as_bytes(), None, None).unwrap();
/// let assessment = assess(&framework, &table, &Options::score()).unwrap();
/// assert_eq!(result_csv(&assessment), "unit,Index,a,rank\nX,0,0,2\nY,100,100,1\n");
/// ```
pub fn result_csv(assessment: &Assessment) -> String {
    let mut text = String::from("unit");
    if assessment.times.is_some() {
        text.push_str(",time");
    }
    for element in &assessment.elements {
        text.push(',');
        push_cell(&mut text, &element.id);
    }
    text.push_str(",rank\n");
    let ranks = assessment
        .elements
        .first()
        .and_then(|index| assessment.ranks.get(&index.id));
    for (row, unit) in assessment.units.iter().enumerate() {
        push_cell(&mut text, unit);
        if let Some(time) = assessment.times.as_ref().and_then(|times| times.get(row)) {
            text.push(',');
            push_cell(&mut text, time);
        }
        for element in &assessment.elements {
            text.push(',');
            if let Some(score) = assessment.scores.get(&element.id).and_then(|series| series.get(row)) {
                text.push_str(&score.to_string());
            }
        }
        text.push(',');
        if let Some(rank) = ranks.and_then(|ranks| ranks.get(row)).copied().flatten() {
            text.push_str(&rank.to_string());
        }
        text.push('\n');
    }
    text
}

fn push_cell(text: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_holds_a_comma_or_a_quote_is_quoted() {
        let mut text = String::new();
        push_cell(&mut text, "a \"b\", c");
        assert_eq!(text, "\"a \"\"b\"\", c\"");
    }
}
