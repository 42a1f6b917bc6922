//! Profiles of units: what each is good and bad at, which others are like it, and organisations against their groups.
//!
//! In flow an assessment and what it was made of; out flows the section `profiles`. A strength is a rank among the best
//! whose distance to the median is more than what sampling makes of it, so that a place that chance gave is none.
//! Nothing here changes a score.

mod groups;
mod peers;
mod standing;

use serde::{Deserialize, Serialize};

pub use groups::{Group, GroupedBy, Grouping};
pub use peers::{AgainstPeers, PeerStanding, Peers};
pub use standing::Standing;

use super::analyse::{Respondents, Subject};
use super::assessment::Assessment;
use super::error::ScoringError;
use super::note::{Note, NoteCode};
use super::run::rows_by_time;
use super::uncertainty::Observer;

/// Profiles are made of up to so many units.
const MOST_UNITS: usize = 1000;

/// The section `profiles` of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profiles {
    /// How strengths are told from chance.
    pub told_by: ToldBy,
    /// The share of the replicates that the intervals of gaps cover, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confidence: Option<f64>,
    /// A profile for each unit (each row of a long table), in the order of `units`.
    pub units: Vec<Profile>,
    /// Where the units are organisations: the means of their cities, sectors and size classes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<GroupedBy>,
}

/// How strengths and weaknesses are told from chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    /// The gap to the median is on one side of 0 in the sampling interval.
    SamplingInterval,
    /// Not at all: no sampling error is known, so that every gap counts.
    GapAlone,
}

/// One unit's profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Its best ranks, at most five, the best first.
    pub strengths: Vec<Standing>,
    /// Its worst ranks, at most five, the worst first.
    pub weaknesses: Vec<Standing>,
    /// The units that are most like it; none for a unit without a score.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peers: Option<Peers>,
}

/// Makes profiles, and adds them to the assessment. Call it after [`analyse`](super::analyse): the intervals of gaps are
/// over the replicates of the respondents that the uncertainty analysis drew.
///
/// ```
/// use innogauge::scoring::{Framework, Options, Respondents, Subject, Table, assess, profile};
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}").unwrap().value;
/// let table = Table::read_csv("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n".as_bytes(), None, None).unwrap();
/// let options = Options::score();
/// let mut assessment = assess(&framework, &table, &options).unwrap();
/// let subject = Subject { framework: &framework, table: &table, options: &options, respondents: Respondents::None };
/// profile(&mut assessment, &subject, &[], &|_, _| true).unwrap();
/// let profiles = assessment.profiles.unwrap();
/// assert_eq!(profiles.units[1].strengths[0].indicator, "b");
/// assert_eq!(profiles.units[2].strengths[0].indicator, "a");
/// ```
///
/// # Errors
/// What scoring a replicate says, or the observer's end.
pub fn profile(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    groupings: &[Grouping],
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    let units = assessment.units.len();
    if units > MOST_UNITS {
        let message = format!("profiles are made of up to {MOST_UNITS} units");
        assessment.notes.push(Note::new(NoteCode::TooManyUnits, message));
        return Ok(());
    }
    let resample = match subject.respondents {
        Respondents::Drawn(resample) => Some(resample),
        Respondents::None | Respondents::Fixed(_) => None,
    };
    let asked = subject.options.uncertainty.as_ref();
    let asked = asked.filter(|asked| asked.vary.respondents.is_some() && assessment.uncertainty.is_some());
    let groups = rows_by_time(subject.table);
    let sampled = match (asked, resample) {
        (Some(asked), Some(resample)) => Some(standing::Sampled::new(subject, asked, resample, &groups, observer)?),
        _ => None,
    };
    let (strengths, weaknesses) = standing::of_units(assessment, subject.framework, &groups, sampled.as_ref());
    let peers = peers::of_units(assessment, subject.framework, &groups);
    let profiles = strengths.into_iter().zip(weaknesses).zip(peers);
    if sampled.is_none() {
        let message = "strengths and weaknesses are not told from chance: no sampling error is known";
        assessment.notes.push(Note::new(NoteCode::NotTold, message));
    }
    assessment.profiles = Some(Profiles {
        told_by: if sampled.is_some() {
            ToldBy::SamplingInterval
        } else {
            ToldBy::GapAlone
        },
        confidence: sampled.as_ref().and(asked).map(|asked| asked.confidence),
        units: profiles
            .map(|((strengths, weaknesses), peers)| Profile {
                strengths,
                weaknesses,
                peers,
            })
            .collect(),
        groups: groupings
            .iter()
            .map(|grouping| groups::means(assessment, subject.framework, grouping))
            .collect(),
    });
    Ok(())
}
