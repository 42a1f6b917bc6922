//! The units that answers are stored in.

use super::text::Text;

/// A unit of measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The unit's code; empty where the definition wrote the label out.
    pub code: String,
    /// What people read.
    pub label: Text,
}

/// Code, Chinese and English label of the units that need no explanation.
const KNOWN: [(&str, &str, &str); 22] = [
    ("cny", "元", "CNY"),
    ("1k_cny", "千元", "1,000 CNY"),
    ("10k_cny", "万元", "10,000 CNY"),
    ("1m_cny", "百万元", "million CNY"),
    ("100m_cny", "亿元", "100 million CNY"),
    ("usd", "美元", "USD"),
    ("1k_usd", "千美元", "1,000 USD"),
    ("10k_usd", "万美元", "10,000 USD"),
    ("percent", "%", "%"),
    ("persons", "人", "persons"),
    ("10k_persons", "万人", "10,000 persons"),
    ("person_years", "人年", "person-years"),
    ("years", "年", "years"),
    ("months", "月", "months"),
    ("days", "天", "days"),
    ("hours", "小时", "hours"),
    ("items", "项", "items"),
    ("pieces", "件", "pieces"),
    ("organisations", "家", "organisations"),
    ("times", "次", "times"),
    ("m2", "平方米", "m²"),
    ("km", "公里", "km"),
];

impl Unit {
    /// The unit of this code.
    ///
    /// ```
    /// use innogauge::definition::Unit;
    ///
    /// assert_eq!(Unit::known("10k_cny").map(|unit| unit.label.get("zh").to_owned()), Some("万元".to_owned()));
    /// ```
    pub fn known(code: &str) -> Option<Self> {
        KNOWN
            .iter()
            .find(|(known, ..)| *known == code)
            .map(|(code, zh, en)| Self {
                code: (*code).to_owned(),
                label: Text::from_iter([("zh", *zh), ("en", *en)]),
            })
    }

    /// The codes that need no label.
    pub fn codes() -> impl Iterator<Item = &'static str> + Clone {
        KNOWN.iter().map(|(code, ..)| *code)
    }
}
