//! What an instance says of itself: which form it answers, and which response it is.

use super::encoding::decode;
use super::error::InstanceError;
use super::scan::{Scanner, Token};

/// Namespaces of the XForms standards: that of a root element names a form only where it is none of them.
const STANDARDS: [&str; 3] = [
    "http://www.w3.org/2002/xforms",
    "http://openrosa.org/xforms",
    "http://openrosa.org/javarosa",
];

/// What an instance says of itself, read before its form is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The id of the form: the attribute `id`, else the namespace of the outermost element. Not empty.
    pub form_id: String,
    /// The version of the form, as the client had it; empty where none is named.
    pub version: String,
    /// The id of the response, from `meta/instanceID`.
    pub instance_id: Option<String>,
    /// The id of the version of the response that this one edits, from `meta/deprecatedID`.
    pub deprecated_id: Option<String>,
    /// Whether the answers are encrypted: then they can be neither read nor checked.
    pub encrypted: bool,
}

impl Head {
    /// Reads the head of an instance, which has to be well-formed to its end.
    ///
    /// ```
    /// use innogauge::response::instance::Head;
    ///
    /// let head = Head::read(
    ///     br#"<data id="enterprise" version="2026.1"><persons>12</persons>
    ///     <orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"#,
    /// )?;
    /// assert_eq!((head.form_id.as_str(), head.version.as_str()), ("enterprise", "2026.1"));
    /// assert_eq!((head.instance_id.as_deref(), head.deprecated_id), (Some("uuid:1"), None));
    /// # Ok::<(), innogauge::response::instance::InstanceError>(())
    /// ```
    pub fn read(xml: &[u8]) -> Result<Self, InstanceError> {
        let text = decode(xml)?;
        let (mut scanner, root) = Scanner::open(&text)?;
        let given = |name: &str| root.attribute(name).map(|value| value.trim().to_owned());
        let namespace = || {
            root.default_namespace()
                .filter(|name| !STANDARDS.contains(&name.as_str()))
        };
        let form_id = given("id")
            .filter(|id| !id.is_empty())
            .or_else(namespace)
            .unwrap_or_default();
        let mut head = Self {
            form_id,
            version: given("version").unwrap_or_default(),
            instance_id: given("instanceID").filter(|id| !id.is_empty()),
            deprecated_id: None,
            encrypted: given("encrypted").is_some_and(|value| matches!(value.as_str(), "yes" | "true")),
        };
        loop {
            match scanner.next()? {
                Token::Open(element) if element.name() == "meta" => head.read_meta(&mut scanner)?,
                Token::Open(element) => {
                    head.encrypted |= element.name() == "base64EncryptedKey";
                    scanner.text_below()?;
                }
                Token::Text(_) => {}
                Token::Close => break,
            }
        }
        if head.form_id.is_empty() {
            return Err(InstanceError::NoFormId {
                root: root.name().to_owned(),
            });
        }
        scanner.finish()?;
        Ok(head)
    }

    fn read_meta(&mut self, scanner: &mut Scanner<'_>) -> Result<(), InstanceError> {
        loop {
            match scanner.next()? {
                Token::Open(element) => {
                    let text = scanner.text_below()?;
                    let id = Some(text.trim().to_owned()).filter(|id| !id.is_empty());
                    match element.name() {
                        "instanceID" => self.instance_id = id.or(self.instance_id.take()),
                        "deprecatedID" => self.deprecated_id = id.or(self.deprecated_id.take()),
                        _ => {}
                    }
                }
                Token::Text(_) => {}
                Token::Close => return Ok(()),
            }
        }
    }
}
