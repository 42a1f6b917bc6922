//! What the audit log knows to be done.

macro_rules! acts {
    ($($(#[doc = $doc:literal])+ $act:ident = $name:literal,)+) => {
        /// Something that is done to the data. To add one, add a line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAct {
            $($(#[doc = $doc])+ $act,)+
        }

        impl AuditAct {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$act),+];

            /// Its name in the log: what it is done to, a dot, what is done.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$act => $name,)+
                }
            }
        }
    };
}

acts! {
    /// The database was made what it was when a backup was written.
    DatabaseRestored = "database.restored",
    /// A response came that was not known.
    ResponseReceived = "response.received",
    /// A new version of a response came.
    ResponseEdited = "response.edited",
    /// A response turned out to be a version of another one, and became that.
    ResponseJoined = "response.joined",
    /// Somebody changed a response's review state.
    ResponseState = "response.state",
    /// Somebody said something about a response.
    ResponseCommented = "response.commented",
    /// Answers of another response of the organisation were taken over into a new version.
    ResponseMerged = "response.merged",
    /// A file of a response came.
    AttachmentReceived = "attachment.received",
    /// All files of a response were taken from it, to be erased.
    AttachmentsErased = "attachment.erased",
    /// A sample of responses to be checked back was drawn.
    BackcheckDrawn = "backcheck.drawn",
    /// A response was checked back.
    BackcheckDone = "backcheck.done",
    /// Other rules of what a supervisor is to look at became the current ones.
    WarningsKept = "warnings.kept",
    /// Answers to personal questions were read in full, one response or many.
    PersonalRead = "personal.read",
    /// Consent to a response was withdrawn.
    ConsentWithdrawn = "response.withdrawn",
    /// A respondent's data was erased.
    PersonalErased = "personal.erased",
    /// It was said how long the answers of a round are kept.
    RetentionSet = "round.retention",
    /// A file was loaded as one batch.
    ImportApplied = "import.applied",
    /// An import was taken back.
    ImportWithdrawn = "import.withdrawn",
    /// A draft of a definition was kept.
    DefinitionDrafted = "definition.drafted",
    /// A version of a definition was published.
    DefinitionPublished = "definition.published",
    /// A survey was opened, closed or moved to another state.
    SurveyState = "survey.state",
    /// Another framework became the current one.
    FrameworkKept = "framework.kept",
    /// The places of the study were replaced.
    PlacesReplaced = "places.replaced",
    /// A round was added.
    RoundAdded = "round.added",
    /// A round was opened or closed.
    RoundState = "round.state",
    /// A register was loaded.
    RegisterLoaded = "register.loaded",
    /// An organisation of the register was changed.
    RegisterChanged = "register.changed",
    /// The targets of the fieldwork were set.
    TargetsSet = "targets.set",
    /// A sample was drawn.
    SampleDrawn = "sample.drawn",
    /// A sample was withdrawn.
    SampleWithdrawn = "sample.withdrawn",
    /// An organisation was given to a member of the field team.
    AssignmentGiven = "assignment.given",
    /// An organisation was taken back.
    AssignmentEnded = "assignment.ended",
    /// What came of a visit was recorded.
    VisitRecorded = "visit.recorded",
    /// A user was added.
    UserAdded = "user.added",
    /// A user was kept out.
    UserDisabled = "user.disabled",
    /// A user was let in again.
    UserEnabled = "user.enabled",
    /// A user's password was replaced.
    UserPassword = "user.password",
    /// A user's role, cities, or need of a second factor changed.
    UserChanged = "user.changed",
    /// Somebody failed to sign in: the password or the code was wrong.
    SignInFailed = "sign_in.failed",
    /// A session began.
    SessionBegun = "session.begun",
    /// A session was ended, or all of a user's.
    SessionEnded = "session.ended",
    /// A second factor was confirmed.
    SecondFactorSet = "second_factor.set",
    /// A second factor was removed.
    SecondFactorRemoved = "second_factor.removed",
    /// A recovery code was used, or all were replaced.
    RecoveryCodes = "second_factor.recovery_codes",
    /// A token was issued.
    TokenIssued = "token.issued",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// Official figures were loaded.
    StatisticsKept = "statistics.kept",
    /// An assessment was made and kept.
    AssessmentKept = "assessment.kept",
    /// A backup of everything was asked for, to be fetched through the API.
    BackupAsked = "backup.asked",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_name_of_its_own_with_one_dot() {
        let mut names: Vec<&str> = AuditAct::ALL.iter().map(|act| act.name()).collect();
        assert!(names.iter().all(|name| name.matches('.').count() == 1));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AuditAct::ALL.len());
    }
}
