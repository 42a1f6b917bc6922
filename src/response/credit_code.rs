//! The unified social credit code of Chinese organisations, GB 32100-2015.

use std::fmt;

use thiserror::Error;

/// The 31 characters of a code; a character's value is its position. I, O, S, V and Z do not occur.
const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The weights of the first seventeen characters: 3 to the power of the position, modulo 31.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A unified social credit code whose check character is right.
///
/// ```
/// use innogauge::response::{CreditCode, CreditCodeError};
///
/// let code = CreditCode::parse(" 91110000600037341l ")?; // people type lower case and spaces
/// assert_eq!(code.as_str(), "91110000600037341L");
/// assert_eq!(CreditCode::parse("91110000600037342L"), Err(CreditCodeError::Check { right: 'P' }));
/// # Ok::<(), CreditCodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreditCode(String);

/// Why something is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CreditCodeError {
    /// Not eighteen characters long.
    #[error("a unified social credit code has 18 characters, this has {0}")]
    Length(usize),
    /// A character that does not occur in codes.
    #[error("'{character}' at position {position} does not occur in unified social credit codes")]
    Character {
        /// The character.
        character: char,
        /// Counted from 1.
        position: usize,
    },
    /// The check character does not fit the others: a character is mistyped, or two are swapped.
    #[error("a character is mistyped: the check character at the end would have to be '{right}'")]
    Check {
        /// What the last character would have to be.
        right: char,
    },
}

impl CreditCode {
    /// Reads a code as people write it: in lower case, in full-width characters, with spaces or hyphens in it.
    pub fn parse(text: &str) -> Result<Self, CreditCodeError> {
        let code = Self::tidy(text);
        let length = code.chars().count();
        if length != 18 {
            return Err(CreditCodeError::Length(length));
        }
        let mut sum = 0;
        let mut check = None;
        for (index, character) in code.chars().enumerate() {
            let value = CHARACTERS
                .chars()
                .zip(0_u32..)
                .find_map(|(candidate, value)| (candidate == character).then_some(value))
                .ok_or(CreditCodeError::Character {
                    character,
                    position: index + 1,
                })?;
            match WEIGHTS.get(index) {
                Some(weight) => sum += weight * value,
                None => check = Some(character),
            }
        }
        let right = CHARACTERS.chars().nth(((31 - sum % 31) % 31) as usize);
        match right {
            Some(right) if check != Some(right) => Err(CreditCodeError::Check { right }),
            _ => Ok(Self(code)),
        }
    }

    /// The same characters as [`CreditCode::parse`] would read, whether or not they are a code.
    ///
    /// Two organisations whose codes are both wrong in the same way are still the same organisation.
    pub fn tidy(text: &str) -> String {
        text.chars()
            .map(|character| match character {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
                other => other,
            })
            .filter(|character| !character.is_whitespace() && *character != '-')
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A code with this beginning and its check character.
    fn complete(beginning: &str) -> String {
        CHARACTERS
            .chars()
            .map(|check| format!("{beginning}{check}"))
            .find(|code| CreditCode::parse(code).is_ok())
            .expect("every beginning has a check character")
    }

    #[test]
    fn codes_of_real_organisations_are_right() {
        for code in ["91110000600037341L", "91350100M000100Y43", "914403001922038216"] {
            assert_eq!(
                CreditCode::parse(code).map(|code| code.to_string()),
                Ok(code.to_owned())
            );
        }
    }

    #[test]
    fn what_is_not_a_code_says_why() {
        assert_eq!(CreditCode::parse(""), Err(CreditCodeError::Length(0)));
        assert_eq!(
            CreditCode::parse("9111000060003734IL"),
            Err(CreditCodeError::Character {
                character: 'I',
                position: 17
            })
        );
        assert_eq!(
            CreditCode::parse("９１１１００００６０００３７３４１Ｌ").map(|code| code.0),
            Ok("91110000600037341L".to_owned())
        );
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_noticed(beginning in "[0-9A-HJ-NP-RTUWXY]{17}", position in 0usize..18, other in "[0-9A-HJ-NP-RTUWXY]") {
            let code = complete(&beginning);
            let mut wrong: Vec<char> = code.chars().collect();
            wrong[position] = other.chars().next().unwrap();
            let wrong: String = wrong.into_iter().collect();
            prop_assert_eq!(CreditCode::parse(&wrong).is_ok(), wrong == code);
        }
    }
}
