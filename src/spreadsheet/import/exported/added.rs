//! The columns that ODK Central and KoboToolbox add to those of the form.

/// What an added column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// The instance ID of the response, as the phone made it.
    InstanceId,
    /// The instance ID that the response first had.
    FirstId,
    /// The instance ID of the version that it replaced.
    DeprecatedId,
    /// What names the row for the rows of repeats.
    Key(KeyKind),
    /// What names the row that an entry lies in.
    ParentKey(KeyKind),
    /// The version of the form.
    Version,
    /// What Kobo calls the version, which is no name that a form gives itself.
    KobosVersion,
    /// When the server received it.
    Submitted,
    /// How it was reviewed there.
    Review,
    /// Whether it could be decrypted.
    Decryption,
    /// What is of no use here.
    Other,
}

/// Which of the keys of an export joins its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Central's: the instance ID, and for entries the path behind it.
    Path,
    /// Kobo's numbers of rows.
    Index,
    /// Kobo's bare instance ID, which names no entries.
    Uuid,
    /// Kobo's number of the response, which names no entries.
    Number,
}

impl KeyKind {
    /// From the one that joins best to the one that is left.
    pub const ALL: [Self; 4] = [Self::Path, Self::Index, Self::Uuid, Self::Number];

    /// Whether entries have such a key, and so can have entries of their own.
    pub fn names_entries(self) -> bool {
        matches!(self, Self::Path | Self::Index)
    }
}

/// What stands between a group and what is in it.
pub(super) const SEPARATORS: [char; 4] = ['/', '-', ':', '.'];

impl Added {
    /// What a header that no question has by its name stands for.
    pub fn of(header: &str) -> Option<Self> {
        Self::for_certain(header).or_else(|| Self::where_no_question(header))
    }

    /// A header that is the server's whatever the form asks.
    pub fn for_certain(header: &str) -> Option<Self> {
        let within = |group: &str| header.strip_prefix(group)?.strip_prefix(SEPARATORS);
        if let Some(meta) = within("meta") {
            return Some(match meta {
                "instanceID" => Self::InstanceId,
                "rootUuid" => Self::FirstId,
                "deprecatedID" => Self::DeprecatedId,
                _ => Self::Other,
            });
        }
        if within("formhub").is_some() || header.starts_with("SET-OF-") {
            return Some(Self::Other);
        }
        Some(match header {
            "KEY" => Self::Key(KeyKind::Path),
            "PARENT_KEY" => Self::ParentKey(KeyKind::Path),
            "_index" => Self::Key(KeyKind::Index),
            "_parent_index" => Self::ParentKey(KeyKind::Index),
            "_uuid" => Self::Key(KeyKind::Uuid),
            "_submission__uuid" => Self::ParentKey(KeyKind::Uuid),
            "_id" => Self::Key(KeyKind::Number),
            "_submission__id" => Self::ParentKey(KeyKind::Number),
            "__version__" => Self::KobosVersion,
            "SubmissionDate" | "_submission_time" => Self::Submitted,
            "_validation_status" => Self::Review,
            "_parent_table_name"
            | "_notes"
            | "_status"
            | "_submitted_by"
            | "_tags"
            | "_attachments"
            | "_geolocation"
            | "_xform_id_string"
            | "_bamboo_dataset_id"
            | "_total_media"
            | "_media_count"
            | "_media_all_received"
            | "_date_modified"
            | "_edited"
            | "_last_edited"
            | "_duration" => Self::Other,
            other if other.starts_with("_submission_") || other.starts_with("_version_") => Self::Other,
            _ => return None,
        })
    }

    /// A header that is the server's, or of what the phone records, unless a question has it for its name.
    pub fn where_no_question(header: &str) -> Option<Self> {
        Some(match header {
            "instanceID" => Self::InstanceId,
            "rootUuid" => Self::FirstId,
            "deprecatedID" => Self::DeprecatedId,
            "FormVersion" => Self::Version,
            "ReviewState" => Self::Review,
            "Status" => Self::Decryption,
            "SubmitterID"
            | "SubmitterName"
            | "AttachmentsPresent"
            | "AttachmentsExpected"
            | "DeviceID"
            | "Edits"
            | "instanceName"
            | "start"
            | "end"
            | "today"
            | "deviceid"
            | "username"
            | "phonenumber"
            | "simserial"
            | "subscriberid"
            | "email"
            | "audit"
            | "audit_URL"
            | "background-audio"
            | "background-audio_URL" => Self::Other,
            _ => return None,
        })
    }

    /// Whether a table with such a column has a row per response, where it has none per entry.
    pub fn tells_responses(self) -> bool {
        matches!(self, Self::InstanceId | Self::Key(_) | Self::Submitted)
    }
}
