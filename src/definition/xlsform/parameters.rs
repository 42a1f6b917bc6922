//! `key=value` pairs in the column `parameters`.

use vecmap::VecMap;

/// The pairs of a cell, with spaces, commas or semicolons between them; `None` where it holds anything else.
///
/// Keys count in lower case, and values too, apart from those that name something: columns of files, and questions.
pub(super) fn parameters(written: &str) -> Option<VecMap<String, String>> {
    let spaced = written.replace([',', ';'], " ").replace('=', " = ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parameters = VecMap::new();
    for pair in words.chunks(3) {
        let [key, "=", value] = pair else { return None };
        if [*key, *value].contains(&"=") {
            return None;
        }
        let key = key.to_lowercase();
        let names = matches!(key.as_str(), "label" | "value") || value.contains("${");
        let value = if names {
            (*value).to_owned()
        } else {
            value.to_lowercase()
        };
        parameters.insert(key, value);
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_parted_by_spaces_commas_or_semicolons() {
        let read = |written: &str| parameters(written).map(|pairs| pairs.into_iter().collect::<Vec<_>>());
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            read("Start=1; end = 10,STEP=2"),
            Some(vec![pair("start", "1"), pair("end", "10"), pair("step", "2")])
        );
        assert_eq!(
            read("seed=${Q} label=Name randomize=TRUE"),
            Some(vec![
                pair("seed", "${Q}"),
                pair("label", "Name"),
                pair("randomize", "true")
            ])
        );
        for malformed in ["start", "start=", "=1", "start=1=2", "start==1"] {
            assert_eq!(read(malformed), None, "{malformed}");
        }
    }
}
