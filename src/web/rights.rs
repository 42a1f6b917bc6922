//! Who may do what: the one table of act, roles and scope that every route goes through.
//!
//! A route is mounted with its [`Act`] (see [`super::mount`]), so none can exist without a line here. The line says
//! which roles may do it, what the limits of a caller are compared with, what a caller hears who may not, how far the
//! sign-in must have come, and whether an API token suffices.

use crate::response::Role::{self, Administrator, Consultant, Field, Operator, Supervisor, Viewer};

/// Something that can be done through the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Open what is everybody's: the landing page, health, metrics, the documentation, signing in.
    UsePublicPages,
    /// Ask who one is, and end the session or the token that one came with.
    UseOwnAccess,
    /// Give the code of one's second factor, to finish signing in.
    GiveSecondFactor,
    /// Replace one's password.
    ChangeOwnPassword,
    /// Set up and remove one's second factor.
    ManageOwnSecondFactor,
    /// List and end one's sessions.
    ManageOwnSessions,
    /// Issue, list and revoke one's API tokens.
    ManageOwnTokens,
    /// Read surveys, their published definitions, codebooks and blank workbooks.
    ReadSurveys,
    /// Have a definition checked; nothing is kept.
    CheckDefinitions,
    /// Keep and read drafts of definitions.
    DraftDefinitions,
    /// Publish a draft.
    PublishDefinitions,
    /// Read places.
    ReadPlaces,
    /// Read rounds.
    ReadRounds,
    /// Create and open or close rounds.
    ManageRounds,
    /// Load, change and blank the register of organisations.
    LoadRegister,
    /// Read the register of organisations and the samples drawn from it.
    ReadRegister,
    /// Set targets, draw samples, give organisations to members of the field team.
    PlanFieldwork,
    /// Read targets, assignments and visits; members of the field team their own.
    ReadFieldwork,
    /// Record what came of a visit.
    RecordVisits,
    /// Read the progress of the fieldwork.
    ReadProgress,
    /// Send a response.
    SubmitResponses,
    /// Fetch the published forms to a phone, with the lists that they look into.
    FetchForms,
    /// Fetch drafts of forms to a phone, and send answers that try them out.
    TryDrafts,
    /// Read responses and their history, without the answers to personal questions.
    ReadResponses,
    /// Send a new version of a response.
    EditResponses,
    /// Send the files that a response names.
    AttachFiles,
    /// Change a response's review state.
    ReviewResponses,
    /// Download responses, without the answers to personal questions.
    ExportResponses,
    /// Ask for pseudonyms in place of the answers to personal questions.
    ReadPseudonyms,
    /// Ask for the answers to personal questions too.
    ReadPersonalAnswers,
    /// Withdraw a respondent's consent.
    WithdrawConsent,
    /// Erase respondents' data, hand out copies of it, and say how long it is kept.
    ManagePrivacy,
    /// Load filled-in workbooks.
    ImportResponses,
    /// Read imports and their issues.
    ReadImports,
    /// Take an import back.
    WithdrawImports,
    /// Read official figures.
    ReadStatistics,
    /// Load official figures.
    LoadStatistics,
    /// Read and download assessments.
    ReadAssessments,
    /// Score what the database holds.
    CreateAssessments,
    /// Ask after long work of one's own, fetch its result, end it; administrators: everybody's.
    UseJobs,
    /// See what to look at in the fieldwork: warnings, the review queue, back-checks.
    WatchFieldwork,
    /// Draw back-checks.
    DrawBackchecks,
    /// Enter what was answered when a response was checked back.
    EnterBackchecks,
    /// Say something about a response.
    CommentResponses,
    /// Make two responses of one organisation one.
    MergeResponses,
    /// Read, export and verify the audit log.
    ReadAudit,
    /// Make a backup of everything, and fetch it.
    MakeBackups,
    /// Create users, change and disable them, issue and revoke their tokens.
    ManageUsers,
}

/// What the limits of a caller are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nobody's in particular: limits do not matter.
    Open,
    /// The survey of the address must be one of the caller's.
    Survey,
    /// And the rows must be of the caller's cities: handlers take them through [`super::Caller::cities`].
    SurveyAndCity,
    /// Results over all cities and surveys: only for callers without limits.
    Whole,
}

/// What a caller hears whose role may not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 403: the thing itself is no secret to anyone signed in.
    Forbidden,
    /// 404: as if it did not exist.
    Hidden,
}

/// How far a caller has come in signing in. Each stage may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The password was right; the code of the second factor is still to be given.
    SecondFactor,
    /// The password was made up for the user, and is still to be replaced.
    NewPassword,
    /// A second factor is required, and still to be set up.
    Enrolment,
    /// Nothing is missing.
    Complete,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What is done.
    pub act: Act,
    /// Who may; `None` is everybody, signed in or not.
    pub roles: Option<&'static [Role]>,
    /// Within which limits.
    pub scope: Scope,
    /// What others hear.
    pub refusal: Refusal,
    /// From which stage of signing in on.
    pub from: Stage,
    /// Whether an API token suffices, or it takes somebody who signed in.
    pub by_token: bool,
}

const EVERY_ROLE: &[Role] = &[Administrator, Supervisor, Field, Operator, Consultant, Viewer];

const fn public(act: Act) -> Rule {
    Rule {
        act,
        roles: None,
        scope: Scope::Open,
        refusal: Refusal::Hidden,
        from: Stage::Complete,
        by_token: true,
    }
}

const fn forbidden(act: Act, scope: Scope, roles: &'static [Role]) -> Rule {
    Rule {
        act,
        roles: Some(roles),
        scope,
        refusal: Refusal::Forbidden,
        from: Stage::Complete,
        by_token: true,
    }
}

const fn hidden(act: Act, scope: Scope, roles: &'static [Role]) -> Rule {
    Rule {
        act,
        roles: Some(roles),
        scope,
        refusal: Refusal::Hidden,
        from: Stage::Complete,
        by_token: true,
    }
}

/// What everybody does for themselves, having signed in so far.
const fn own(act: Act, from: Stage) -> Rule {
    Rule {
        act,
        roles: Some(EVERY_ROLE),
        scope: Scope::Open,
        refusal: Refusal::Forbidden,
        from,
        by_token: false,
    }
}

/// The table.
#[rustfmt::skip]
pub const TABLE: &[Rule] = &[
    public(Act::UsePublicPages),
    Rule { by_token: true, ..own(Act::UseOwnAccess, Stage::SecondFactor) },
    own(Act::GiveSecondFactor,          Stage::SecondFactor),
    own(Act::ChangeOwnPassword,         Stage::NewPassword),
    own(Act::ManageOwnSecondFactor,     Stage::Enrolment),
    own(Act::ManageOwnSessions,         Stage::Complete),
    own(Act::ManageOwnTokens,           Stage::Complete),
    forbidden(Act::ReadSurveys,         Scope::Survey,        EVERY_ROLE),
    forbidden(Act::CheckDefinitions,    Scope::Open,          &[Administrator, Supervisor, Operator, Consultant]),
    forbidden(Act::DraftDefinitions,    Scope::Survey,        &[Administrator, Consultant]),
    forbidden(Act::PublishDefinitions,  Scope::Survey,        &[Administrator]),
    forbidden(Act::ReadPlaces,          Scope::Open,          EVERY_ROLE),
    forbidden(Act::ReadRounds,          Scope::Open,          EVERY_ROLE),
    forbidden(Act::ManageRounds,        Scope::Whole,         &[Administrator, Supervisor]),
    hidden(Act::LoadRegister,           Scope::SurveyAndCity, &[Administrator, Supervisor, Operator]),
    hidden(Act::ReadRegister,           Scope::SurveyAndCity, &[Administrator, Supervisor, Operator, Consultant]),
    hidden(Act::PlanFieldwork,          Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::ReadFieldwork,          Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    hidden(Act::RecordVisits,           Scope::SurveyAndCity, &[Administrator, Supervisor, Field]),
    hidden(Act::ReadProgress,           Scope::SurveyAndCity, &[Administrator, Supervisor, Operator, Consultant]),
    forbidden(Act::SubmitResponses,     Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    forbidden(Act::FetchForms,          Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    forbidden(Act::TryDrafts,           Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator, Consultant]),
    hidden(Act::ReadResponses,          Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator, Consultant]),
    hidden(Act::EditResponses,          Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    hidden(Act::AttachFiles,            Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    hidden(Act::ReviewResponses,        Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    hidden(Act::ExportResponses,        Scope::SurveyAndCity, &[Administrator, Supervisor, Consultant]),
    forbidden(Act::ReadPseudonyms,      Scope::SurveyAndCity, &[Administrator, Supervisor, Consultant]),
    forbidden(Act::ReadPersonalAnswers, Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::WithdrawConsent,        Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::ManagePrivacy,          Scope::Whole,         &[Administrator]),
    hidden(Act::ImportResponses,        Scope::SurveyAndCity, &[Administrator, Supervisor, Operator]),
    hidden(Act::ReadImports,            Scope::SurveyAndCity, &[Administrator, Supervisor, Operator]),
    hidden(Act::WithdrawImports,        Scope::SurveyAndCity, &[Administrator, Supervisor, Operator]),
    forbidden(Act::ReadStatistics,      Scope::Open,          EVERY_ROLE),
    forbidden(Act::LoadStatistics,      Scope::Whole,         &[Administrator, Operator, Consultant]),
    hidden(Act::ReadAssessments,        Scope::Whole,         &[Administrator, Supervisor, Consultant, Viewer]),
    forbidden(Act::CreateAssessments,   Scope::Whole,         &[Administrator, Consultant]),
    hidden(Act::UseJobs,                Scope::Open,          EVERY_ROLE),
    hidden(Act::WatchFieldwork,         Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::DrawBackchecks,         Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::EnterBackchecks,        Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::CommentResponses,       Scope::SurveyAndCity, &[Administrator, Supervisor, Field, Operator]),
    hidden(Act::MergeResponses,         Scope::SurveyAndCity, &[Administrator, Supervisor]),
    hidden(Act::ReadAudit,              Scope::Whole,         &[Administrator]),
    hidden(Act::MakeBackups,            Scope::Whole,         &[Administrator]),
    hidden(Act::ManageUsers,            Scope::Whole,         &[Administrator]),
];

impl Act {
    /// Its line of the table.
    pub fn rule(self) -> &'static Rule {
        // Falls back to a line that nobody passes, so that a missing line closes a route rather than opens it.
        const NOBODY: &Rule = &hidden(Act::ManageUsers, Scope::Whole, &[]);
        TABLE.iter().find(|rule| rule.act == self).unwrap_or(NOBODY)
    }

    /// Its name in the API, in tokens and on the command line: `read_responses`.
    pub fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    /// The act of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().map(|rule| rule.act).find(|act| act.name() == name)
    }

    /// What a phone needs to fetch forms and to send them: what a token for one is limited to.
    pub const OF_PHONES: [Self; 3] = [Self::FetchForms, Self::SubmitResponses, Self::TryDrafts];

    /// The names of all acts that a token can be limited to: those that not everybody does and a token may do.
    pub fn names_for_tokens() -> Vec<String> {
        TABLE
            .iter()
            .filter(|rule| rule.roles.is_some() && rule.by_token && rule.act != Self::UseOwnAccess)
            .map(|rule| rule.act.name())
            .collect()
    }
}

impl Rule {
    /// Whether that role may do it, limits aside.
    pub fn allows(&self, role: Role) -> bool {
        self.roles.is_none_or(|roles| roles.contains(&role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_act_has_exactly_one_line() {
        for (index, rule) in TABLE.iter().enumerate() {
            assert!(
                TABLE.iter().skip(index + 1).all(|other| other.act != rule.act),
                "{:?} stands twice",
                rule.act
            );
            assert_eq!(rule.act.rule().act, rule.act);
        }
        // The last act of the enum has as many before it as the table has lines.
        assert_eq!(Act::ManageUsers as usize + 1, TABLE.len());
    }

    #[test]
    fn acts_have_names_that_are_read_back() {
        assert_eq!(Act::ReadResponses.name(), "read_responses");
        assert!(
            TABLE
                .iter()
                .all(|rule| Act::from_name(&rule.act.name()) == Some(rule.act))
        );
        let names = Act::names_for_tokens();
        assert!(names.contains(&"submit_responses".to_owned()) && !names.contains(&"change_own_password".to_owned()));
    }

    #[test]
    fn the_administrator_may_do_everything() {
        assert!(TABLE.iter().all(|rule| rule.allows(Administrator)));
    }

    #[test]
    fn a_viewer_changes_nothing_and_sees_no_single_response() {
        let allowed: Vec<Act> = TABLE
            .iter()
            .filter(|rule| rule.allows(Viewer))
            .map(|rule| rule.act)
            .collect();
        assert_eq!(
            allowed,
            [
                Act::UsePublicPages,
                Act::UseOwnAccess,
                Act::GiveSecondFactor,
                Act::ChangeOwnPassword,
                Act::ManageOwnSecondFactor,
                Act::ManageOwnSessions,
                Act::ManageOwnTokens,
                Act::ReadSurveys,
                Act::ReadPlaces,
                Act::ReadRounds,
                Act::ReadStatistics,
                Act::ReadAssessments,
                Act::UseJobs,
            ]
        );
    }
}
