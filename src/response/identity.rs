//! Which organisation a response is about, as its own answers say.

use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::credit_code::CreditCode;
use crate::definition::IdentityPart;

/// What the answers say of the organisation. Empty answers are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The unified social credit code in its usual form (upper case, no spaces), whether or not it is right.
    pub code: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The code of the city.
    pub city: Option<String>,
    /// The sector.
    pub sector: Option<String>,
    /// The size class.
    pub size: Option<String>,
    /// The sampling stratum.
    pub stratum: Option<String>,
    /// The sampling weight, where one is given that is above zero.
    pub weight: Option<f64>,
    /// Whether the organisation agreed to take part, as it was answered.
    pub consent: Option<String>,
}

impl Identity {
    /// Reads the identity questions of the definition.
    pub fn of(answers: &Answers) -> Self {
        let text = |part: IdentityPart| {
            let question = answers.form().identity().get(part)?;
            let text = answers.get(question).value()?.to_text();
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            code: text(IdentityPart::Code)
                .map(|code| CreditCode::tidy(&code))
                .filter(|code| !code.is_empty()),
            name: text(IdentityPart::Name),
            city: text(IdentityPart::City),
            sector: text(IdentityPart::Sector),
            size: text(IdentityPart::Size),
            stratum: text(IdentityPart::Stratum),
            weight: answers
                .form()
                .identity()
                .weight()
                .and_then(|question| answers.get(question).as_number())
                .filter(|weight| weight.is_finite() && *weight > 0.0),
            consent: text(IdentityPart::Consent),
        }
    }

    /// Whether two responses of one round and survey are about the same organisation: the same credit code, or, where
    /// one of them has none, the same name in the same city.
    ///
    /// ```
    /// use innogauge::response::Identity;
    ///
    /// let with_code = Identity { code: Some("91110000600037341L".into()), name: Some("甲公司".into()), ..Identity::default() };
    /// let renamed = Identity { name: Some("甲有限公司".into()), ..with_code.clone() };
    /// let nameless = Identity::default();
    /// assert!(with_code.is_same_organisation(&renamed));
    /// assert!(!nameless.is_same_organisation(&nameless), "nothing is known of either");
    /// ```
    pub fn is_same_organisation(&self, other: &Self) -> bool {
        match (&self.code, &other.code) {
            (Some(one), Some(another)) => one == another,
            _ => match (&self.name, &other.name) {
                (Some(one), Some(another)) => self.city == other.city && tidy_name(one) == tidy_name(another),
                _ => false,
            },
        }
    }

    /// What responses of the same organisation have in common, for an index: the code, else name and city.
    pub fn key(&self) -> Option<String> {
        match (&self.code, &self.name) {
            (Some(code), _) => Some(format!("code:{code}")),
            (None, Some(name)) => Some(format!(
                "name:{}@{}",
                tidy_name(name),
                self.city.as_deref().unwrap_or_default()
            )),
            (None, None) => None,
        }
    }
}

/// A name without the differences that typing makes: spaces, case, full-width brackets.
fn tidy_name(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| match character {
            '（' => '(',
            '）' => ')',
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}
