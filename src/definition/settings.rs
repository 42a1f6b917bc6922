//! XLSForm's form settings.

use vecmap::VecMap;

use super::formula::Formula;

/// XLSForm's settings that clients know and innogauge passes on untouched.
pub(super) const PASSED_ON: [&str; 14] = [
    "style",
    "submission_url",
    "auto_send",
    "auto_delete",
    "namespaces",
    "name",
    "clean_text_values",
    "omit_instanceID",
    "instance_xmlns",
    "prefix",
    "delimiter",
    "sms_keyword",
    "sms_separator",
    "compact_tag",
];

/// The settings of a form, beyond its id, version and title.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// How a client names a response.
    pub instance_name: Option<Formula>,
    /// Whether a choice list may hold a name twice.
    pub allow_choice_duplicates: bool,
    /// Whether a client may edit what it has sent.
    pub client_editable: bool,
    /// The key that clients encrypt with. A server can't check or score such answers: publishing refuses it.
    pub public_key: Option<String>,
    /// All other settings by XLSForm's names (`style`, `submission_url`, `auto_send`, …).
    pub other: VecMap<String, String>,
}
