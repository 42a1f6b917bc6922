//! Review: the states of a response, who may move it from which to which, and who is who.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a response stands in its review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// New, and no rule is broken.
    Received,
    /// Rules are broken, or a supervisor returned it.
    HasIssues,
    /// A new version came after the first.
    Edited,
    /// Found good.
    Approved,
    /// Found unusable.
    Rejected,
}

impl ReviewState {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::HasIssues,
        Self::Edited,
        Self::Approved,
        Self::Rejected,
    ];

    /// The name in the store and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::HasIssues => "has_issues",
            Self::Edited => "edited",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether an assessment counts the response where it is not told which states to count.
    pub fn counts_by_default(self) -> bool {
        matches!(self, Self::Received | Self::Edited | Self::Approved)
    }
}

/// What a user is to the program. Each may be limited to cities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the server: everything.
    Administrator,
    /// Leads a field team: reviews responses.
    Supervisor,
    /// Interviews.
    Field,
    /// Imports spreadsheets.
    Operator,
    /// Compares cities: reads and assesses.
    Consultant,
    /// Reads results.
    Viewer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Administrator,
        Self::Supervisor,
        Self::Field,
        Self::Operator,
        Self::Consultant,
        Self::Viewer,
    ];

    /// The name in the store, the API and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Supervisor => "supervisor",
            Self::Field => "field",
            Self::Operator => "operator",
            Self::Consultant => "consultant",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What moves a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A new response arrives.
    Send,
    /// A new version of a response arrives.
    Edit,
    /// A person decides.
    Review,
}

/// When a transition takes a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comment {
    /// It may have one.
    Optional,
    /// It must have one while problems are open.
    OverProblems,
    /// It must have one.
    Needed,
}

/// One allowed move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// From which state; `None` where there was no response.
    pub from: Option<ReviewState>,
    /// To which state.
    pub to: ReviewState,
    /// By what.
    pub act: Act,
    /// By whom.
    pub roles: &'static [Role],
    /// With which comment.
    pub comment: Comment,
}

const SENDERS: &[Role] = &[Role::Administrator, Role::Supervisor, Role::Field, Role::Operator];
const REVIEWERS: &[Role] = &[Role::Administrator, Role::Supervisor];

const fn row(
    from: Option<ReviewState>,
    to: ReviewState,
    act: Act,
    roles: &'static [Role],
    comment: Comment,
) -> Transition {
    Transition {
        from,
        to,
        act,
        roles,
        comment,
    }
}

/// Every allowed move: from, to, by what, by whom, with which comment. There is no other.
pub const TRANSITIONS: &[Transition] = {
    use Comment::{Needed, Optional, OverProblems};
    use ReviewState::{Approved, Edited, HasIssues, Received, Rejected};
    &[
        row(None, Received, Act::Send, SENDERS, Optional),
        row(None, HasIssues, Act::Send, SENDERS, Optional),
        row(Some(Received), Edited, Act::Edit, SENDERS, Optional),
        row(Some(Received), HasIssues, Act::Edit, SENDERS, Optional),
        row(Some(HasIssues), Edited, Act::Edit, SENDERS, Optional),
        row(Some(HasIssues), HasIssues, Act::Edit, SENDERS, Optional),
        row(Some(Edited), Edited, Act::Edit, SENDERS, Optional),
        row(Some(Edited), HasIssues, Act::Edit, SENDERS, Optional),
        row(Some(Approved), Edited, Act::Edit, SENDERS, Optional),
        row(Some(Approved), HasIssues, Act::Edit, SENDERS, Optional),
        row(Some(Rejected), Edited, Act::Edit, SENDERS, Optional),
        row(Some(Rejected), HasIssues, Act::Edit, SENDERS, Optional),
        row(Some(Received), Approved, Act::Review, REVIEWERS, OverProblems),
        row(Some(HasIssues), Approved, Act::Review, REVIEWERS, OverProblems),
        row(Some(Edited), Approved, Act::Review, REVIEWERS, OverProblems),
        row(Some(Received), HasIssues, Act::Review, REVIEWERS, Needed),
        row(Some(HasIssues), HasIssues, Act::Review, REVIEWERS, Needed), // returned once more
        row(Some(Edited), HasIssues, Act::Review, REVIEWERS, Needed),
        row(Some(Approved), HasIssues, Act::Review, REVIEWERS, Needed),
        row(Some(Rejected), HasIssues, Act::Review, REVIEWERS, Needed),
        row(Some(Received), Rejected, Act::Review, REVIEWERS, Needed),
        row(Some(HasIssues), Rejected, Act::Review, REVIEWERS, Needed),
        row(Some(Edited), Rejected, Act::Review, REVIEWERS, Needed),
        row(Some(Approved), Rejected, Act::Review, REVIEWERS, Needed),
        row(Some(Rejected), Approved, Act::Review, REVIEWERS, Needed),
    ]
};

/// Why a response was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// Nobody can move a response so.
    #[error("a response can't go from '{}' to '{}'", .from.name(), .to.name())]
    NoSuchTransition {
        /// Where it stands.
        from: ReviewState,
        /// Where it was to go.
        to: ReviewState,
    },
    /// Others can, but not this role.
    #[error("the role '{}' can't move a response from '{}' to '{}'", .role.name(), .from.name(), .to.name())]
    NotAllowed {
        /// The role of the person who asked.
        role: Role,
        /// Where it stands.
        from: ReviewState,
        /// Where it was to go.
        to: ReviewState,
    },
    /// It takes a comment.
    #[error("moving a response to '{}' takes a comment{}", .to.name(), if *.over_problems { ", since problems are open" } else { "" })]
    CommentNeeded {
        /// Where it was to go.
        to: ReviewState,
        /// Whether only because problems are open.
        over_problems: bool,
    },
}

/// Whether a person may move a response, and with this comment.
///
/// ```
/// use innogauge::response::{ReviewError, ReviewState::*, Role, review};
///
/// assert_eq!(review(Received, Approved, Role::Supervisor, None, false), Ok(()));
/// assert!(matches!(
///     review(HasIssues, Approved, Role::Supervisor, Some("  "), true),
///     Err(ReviewError::CommentNeeded { over_problems: true, .. })
/// ));
/// assert_eq!(review(HasIssues, Approved, Role::Supervisor, Some("Confirmed by telephone."), true), Ok(()));
/// assert!(matches!(review(Received, Approved, Role::Field, None, false), Err(ReviewError::NotAllowed { .. })));
/// ```
pub fn review(
    from: ReviewState,
    to: ReviewState,
    role: Role,
    comment: Option<&str>,
    open_problems: bool,
) -> Result<(), ReviewError> {
    let transition = TRANSITIONS
        .iter()
        .find(|transition| transition.act == Act::Review && transition.from == Some(from) && transition.to == to)
        .ok_or(ReviewError::NoSuchTransition { from, to })?;
    if !transition.roles.contains(&role) {
        return Err(ReviewError::NotAllowed { role, from, to });
    }
    let commented = comment.is_some_and(|comment| !comment.trim().is_empty());
    let needed = match transition.comment {
        Comment::Optional => false,
        Comment::OverProblems => open_problems,
        Comment::Needed => true,
    };
    if needed && !commented {
        return Err(ReviewError::CommentNeeded {
            to,
            over_problems: transition.comment == Comment::OverProblems,
        });
    }
    Ok(())
}

/// The state of a response after a version arrived, by where it stood (`None`: it is new) and whether rules are broken.
pub fn state_after(before: Option<ReviewState>, problems: bool) -> ReviewState {
    match (before, problems) {
        (_, true) => ReviewState::HasIssues,
        (None, false) => ReviewState::Received,
        (Some(_), false) => ReviewState::Edited,
    }
}

/// Whether this role may send responses and new versions of them.
pub fn may_send(role: Role) -> bool {
    SENDERS.contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_once_and_every_arrival_has_its_row() {
        for (position, one) in TRANSITIONS.iter().enumerate() {
            assert!(
                TRANSITIONS
                    .iter()
                    .skip(position + 1)
                    .all(|other| (one.from, one.to, one.act) != (other.from, other.to, other.act)),
                "{one:?}"
            );
        }
        for before in [None].into_iter().chain(ReviewState::ALL.map(Some)) {
            for problems in [false, true] {
                let to = state_after(before, problems);
                let act = if before.is_none() { Act::Send } else { Act::Edit };
                assert!(
                    TRANSITIONS
                        .iter()
                        .any(|row| (row.from, row.to, row.act) == (before, to, act))
                );
            }
        }
    }

    #[test]
    fn nobody_who_only_reads_moves_anything() {
        for row in TRANSITIONS {
            assert!(
                !row.roles.contains(&Role::Viewer) && !row.roles.contains(&Role::Consultant),
                "{row:?}"
            );
        }
    }

    #[test]
    fn nobody_makes_a_response_new_again_and_edited_is_what_editing_does() {
        for from in ReviewState::ALL {
            for to in [ReviewState::Received, ReviewState::Edited] {
                let moved = review(from, to, Role::Administrator, Some("because"), false);
                assert_eq!(moved, Err(ReviewError::NoSuchTransition { from, to }));
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(
            ReviewState::ALL
                .into_iter()
                .all(|state| ReviewState::from_name(state.name()) == Some(state))
        );
        assert!(
            Role::ALL
                .into_iter()
                .all(|role| Role::from_name(role.name()) == Some(role))
        );
    }
}
