//! The result file: an assessment as JSON.

use super::assessment::Assessment;

/// The assessment as JSON, with a line break at its end: the same assessment gives the same bytes.
pub fn result_json(assessment: &Assessment) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(assessment)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a result file.
pub fn read_result(bytes: &[u8]) -> Result<Assessment, serde_json::Error> {
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::{Framework, Options, Table, assess};

    #[test]
    fn a_result_reads_back_as_itself_and_writes_the_same_bytes_again() {
        let text = "index: {id: Index, label: {zh: 指数, en: Index}, indicators: [{id: a, label: A, goalposts: [0, 4]}, {id: b, weight: 0.1}]}";
        let framework = Framework::for_table("f.yaml", text).unwrap().value;
        let table = Table::read_csv("t.csv", "unit,a,b\nX,0.1,\nY,5,0.3\nZ,NA,\n".as_bytes(), None, None).unwrap();
        let assessment = assess(&framework, &table, &Options::score()).unwrap();
        let bytes = result_json(&assessment).unwrap();
        let again = read_result(&bytes).unwrap();
        assert_eq!(again, assessment);
        assert_eq!(result_json(&again).unwrap(), bytes);
        assert!(!String::from_utf8(bytes).unwrap().contains("NaN"));
    }
}
