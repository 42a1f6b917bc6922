//! Passwords: which are good enough, how they are hashed, how one is made up.
//!
//! The rules are those of NIST SP 800-63B and OWASP ASVS 5: length counts, composition does not, nothing is cut off or
//! changed, and what an attacker would try first is refused.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::{StoreError, secrets};

/// The shortest password that is taken, in characters. Twelve rather than the eight that ASVS allows at the least:
/// most users have no second factor.
const SHORTEST: usize = 12;
/// The longest, in bytes: hashing time must not be the caller's choice.
const LONGEST_BYTES: usize = 1024;
/// A password that falls within so many of the guesses that attackers try first (as a power of ten) is refused: below
/// it even a slow hash is worked off once it has leaked.
const FEWEST_GUESSES_LOG10: f64 = 8.0;
/// What is often in passwords here and in no list of English ones.
const COMMON_HERE: &[&str] = &[
    "innogauge",
    "heilongjiang",
    "haerbin",
    "harbin",
    "woaini",
    "5201314",
    "1314520",
    "zhongguo",
    "woaizhongguo",
    "xiaoming",
    "wangwei",
    "mima",
    "mima123456",
    "admin888",
    "a123456",
    "aa123456",
    "qwe123456",
    "guanliyuan",
    "caonima",
];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// It has too few characters.
    #[error("a password has at least {SHORTEST} characters: a few words in a row do")]
    Short,
    /// It is far longer than anybody types.
    #[error("a password has at most {LONGEST_BYTES} bytes")]
    Long,
    /// It contains the user's name.
    #[error("a password does not contain the user's name")]
    Name,
    /// It is among those that attackers try first.
    #[error("this password is easily guessed: it is a common one, or a simple pattern of common words, keys or dates")]
    Common,
}

/// Whether a user may choose this password.
///
/// ```
/// use innogauge::store::{PasswordFault, check_new_password};
///
/// assert_eq!(check_new_password("wang", "four words in a row"), Ok(()));
/// assert_eq!(check_new_password("wang", "Zx9!kq"), Err(PasswordFault::Short));
/// assert_eq!(check_new_password("wang", "password123456"), Err(PasswordFault::Common));
/// assert_eq!(check_new_password("wangfang", "the cat of WangFang"), Err(PasswordFault::Name));
/// ```
///
/// # Errors
/// Says which rule it breaks.
pub fn check_new_password(name: &str, password: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordFault::Short);
    }
    if password.len() > LONGEST_BYTES {
        return Err(PasswordFault::Long);
    }
    // A name of one or two letters is in every other password.
    let telling = name.chars().count() > 2 || !name.is_ascii();
    if telling && password.to_lowercase().contains(&name.to_lowercase()) {
        return Err(PasswordFault::Name);
    }
    let mut known = COMMON_HERE.to_vec();
    known.push(name);
    if zxcvbn::zxcvbn(password, &known).guesses_log10() < FEWEST_GUESSES_LOG10 {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

/// The argon2id hash of a password, with a salt of its own. Takes tens of milliseconds on purpose.
///
/// ```
/// use innogauge::store::{hash_password, password_matches};
///
/// let hash = hash_password("correct horse")?;
/// assert!(password_matches("correct horse", &hash));
/// assert!(!password_matches("correct house", &hash));
/// # Ok::<(), innogauge::store::StoreError>(())
/// ```
///
/// # Errors
/// Where the system gives no random bytes.
pub fn hash_password(password: &str) -> Result<String, StoreError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| StoreError::System(format!("the password can't be hashed: {error}")))
}

/// Whether a password is the one of the hash.
pub fn password_matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A password that nobody guesses: 20 letters and digits, of those that are not mistaken for each other, 100 bits.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn random_password() -> Result<String, StoreError> {
    secrets::readable::<20>(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_readable_and_new_each_time() {
        let (one, two) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 23);
        assert!(
            one.chars()
                .all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit())
        );
        assert!(!one.contains(['l', 'o', '0', '1']));
        assert_eq!(check_new_password("admin", &one), Ok(()));
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        for good in [
            "four words in a row",
            "锄禾日当午汗滴禾下土谁知盘中餐",
            "kvmzpwhtxqbd",
            "   spaces are kept   ",
            &"many different things to say. ".repeat(30),
        ] {
            assert_eq!(check_new_password("wangfang", good), Ok(()), "{good}");
        }
        assert_eq!(check_new_password("w", "elevenchars"), Err(PasswordFault::Short));
        assert_eq!(check_new_password("w", &"x".repeat(1025)), Err(PasswordFault::Long));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in [
            "123456789012",
            "password1234",
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "woaini1314520",
            "aaaaaaaaaaaaaaaa",
            "Password2026!",
            "abcdefghijkl",
            "innogauge2026",
            "iloveyou1234",
            "zhongguo2026",
            "administrator",
        ] {
            assert_eq!(
                check_new_password("wangfang", common),
                Err(PasswordFault::Common),
                "{common}"
            );
        }
        for named in ["WangFang-is-here", "xx 王芳的密码是这个没有错"] {
            let name = if named.is_ascii() { "wangfang" } else { "王芳" };
            assert_eq!(check_new_password(name, named), Err(PasswordFault::Name));
        }
    }
}
