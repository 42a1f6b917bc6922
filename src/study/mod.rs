//! A study as a whole: what the server and the command line both do with a store and everything above it.
//!
//! Flows in: a [`Store`](crate::store::Store) with definitions, places, a framework and responses; answers and
//! workbooks that are to be kept. Flows out: its definitions compiled, submissions ready to be stored, imports,
//! assessments of what it holds, and the reports on them. Nothing here knows HTTP or prints.

mod assessment;
mod attachments;
mod backcheck;
mod catalogue;
mod comparison;
mod duplicates;
mod error;
mod import;
pub mod jobs;
mod known;
mod last_round;
mod lists;
mod organisations;
mod phone;
mod privacy;
mod progress;
mod received;
mod register;
mod register_list;
mod report;
mod responses;
mod roll_up;
mod room;
mod sample;
mod scenarios;
mod statistics;
mod submission;
mod surveys;
mod times;
mod watch;

pub use assessment::{Assessed, AssessmentRequest, assess, assess_watched, target_places};
pub use attachments::{
    CheckedContents, ContentFault, FileOfResponse, Pruned, SealedContents, asks_for_files, check_contents,
    files_of_response, files_that_may_come, for_each_awaiting, keep_file, kept, open_contents, prune_contents,
    prune_erased_contents, prune_unknown_contents, seal_contents,
};
pub use backcheck::{Agreement, BackcheckRequest, agreement, check_back, draw_backcheck};
pub use catalogue::{Catalogue, Survey, Version};
pub use comparison::CompareWith;
pub use duplicates::{MergeRequest, Merged, merge};
pub use error::StudyError;
pub use import::{CheckedImport, FilePlace, ImportRequest, Loaded, LoadedAs, SoundRow};
pub use lists::{Lists, Lookup, Table};
pub use phone::{PhoneFile, PhoneForm};
pub use privacy::copy_for;
pub use progress::{Progress, Stage, Unwatched, Watch};
pub use received::received_answers;
pub use register::{LoadedRegister, RegisterRequest, load_register, register_totals, register_words};
pub use register_list::Audience;
pub use report::{ReportRequest, check_edition, published, write_report};
pub use responses::{Shown, for_each_reported, reported, write_export, write_table, write_workbook};
pub use room::is_out_of_room;
pub use scenarios::scenarios_of;
pub use statistics::{
    CheckedFigures, FigureFault, FigureFaultKind, FigureField, FigureSheet, KeptFigures, StatisticsRules, read_figures,
};
pub use submission::{Names, Reception, World};
pub use surveys::Surveys;
pub use times::{InterviewTimes, MedianTime, TimeSource, interview_times, median_times};
pub use watch::{Queued, Warning, Watched, review_queue, warning_rules, warnings};
