//! Reading `uncertainty` and `sensitivity` of an options file.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::file::{
    AggregateFile, Block, ImputeFile, NormaliseFile, TreatFile, aggregate, impute, normalise, share, treat,
};
use super::vary::{Levels, Redrawing, SensitivityOptions, UncertaintyOptions, Vary, WeightsVary};
use super::{Options, WeightMethod};
use crate::scoring::analyse::EACH_UNIT_ITS_OWN;

/// More runs than this are a slip of the hand.
const MOST_RUNS: usize = 1_000_000;
/// The points that a Sobol sequence of single precision has.
const MOST_POINTS: usize = 1 << 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UncertaintyFile {
    runs: Option<usize>,
    seed: Option<u64>,
    confidence: Option<f64>,
    top: Option<Vec<usize>>,
    vary: Option<VaryFile>,
    design: Option<String>,
    weight_sets: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct VaryFile {
    impute: Option<Vec<Block<ImputeFile>>>,
    treat: Option<Vec<Block<TreatFile>>>,
    normalise: Option<Vec<Block<NormaliseFile>>>,
    aggregate: Option<Vec<Block<AggregateFile>>>,
    weights: Option<WeightsVaryFile>,
    drop_one: Option<bool>,
    respondents: Option<Redrawing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightsVaryFile {
    relative: Option<f64>,
    levels: Option<Levels>,
    experts: Option<Redrawing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SensitivityFile {
    runs: Option<usize>,
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Word(String),
            List(Vec<u32>),
        }
        match Form::deserialize(deserializer)? {
            Form::Word(word) if word == "all" => Ok(Self::All),
            Form::Word(word) => Err(D::Error::custom(format!(
                "levels: '{word}' is neither all nor a list of levels, such as [2, 3]"
            ))),
            Form::List(levels) => Ok(Self::Only(levels)),
        }
    }
}

/// The uncertainty analysis that a file asks for; none where it asks for 0 runs, or where `weights` allow none and only
/// the defaults ask for it.
pub(super) fn uncertainty(
    given: Option<UncertaintyFile>,
    weights: WeightMethod,
    defaults: &Options,
) -> Result<Option<UncertaintyOptions>, String> {
    let by_unit = weights == WeightMethod::BenefitOfTheDoubt;
    let Some(file) = given else {
        return Ok(defaults.uncertainty.clone().filter(|_| !by_unit));
    };
    let base = defaults.uncertainty.clone().unwrap_or_default();
    let runs = file.runs.unwrap_or(base.runs);
    if runs == 0 {
        return Ok(None);
    }
    if by_unit {
        return Err(format!("uncertainty: {EACH_UNIT_ITS_OWN}, or uncertainty: {{runs: 0}}"));
    }
    if runs > MOST_RUNS {
        return Err(format!("uncertainty.runs is {runs}: at most {MOST_RUNS}"));
    }
    let confidence = file.confidence.unwrap_or(base.confidence);
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(format!("uncertainty.confidence is between 0 and 1, it is {confidence}"));
    }
    let top = file.top.unwrap_or(base.top);
    if top.contains(&0) {
        return Err("uncertainty.top: the first 0 are nobody; write such as [1, 3]".to_owned());
    }
    let options = UncertaintyOptions {
        runs,
        seed: file.seed.unwrap_or(base.seed),
        confidence,
        top,
        vary: file.vary.map_or(Ok(base.vary), |file| vary(file, defaults))?,
        design: file.design,
        weight_sets: file.weight_sets,
    };
    if options.vary == Vary::default() && options.weight_sets.is_none() {
        return Err("uncertainty.vary names nothing to vary; such as vary: {weights: {relative: 0.25}}".to_owned());
    }
    Ok(Some(options))
}

/// A setting that an alternative leaves out takes the default, not what the nominal block says.
fn vary(file: VaryFile, defaults: &Options) -> Result<Vary, String> {
    Ok(Vary {
        impute: alternatives("impute", file.impute, |file| impute(file, &defaults.impute))?,
        treat: alternatives("treat", file.treat, |file| treat(&file, &defaults.treat))?,
        normalise: alternatives("normalise", file.normalise, |file| normalise(file, &defaults.normalise))?,
        aggregate: alternatives("aggregate", file.aggregate, |file| aggregate(file, &defaults.aggregate))?,
        weights: file.weights.map(weights).transpose()?,
        drop_one: file.drop_one.unwrap_or(false),
        respondents: file.respondents,
    })
}

fn alternatives<F, T>(
    step: &str,
    files: Option<Vec<Block<F>>>,
    read: impl Fn(F) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let Some(files) = files else { return Ok(Vec::new()) };
    if files.is_empty() {
        return Err(format!("uncertainty.vary.{step} lists no alternative"));
    }
    files
        .into_iter()
        .map(|Block(file)| read(file).map_err(|message| format!("uncertainty.vary.{message}")))
        .collect()
}

fn weights(file: WeightsVaryFile) -> Result<WeightsVary, String> {
    if file.relative.is_none() && file.experts.is_none() {
        return Err(
            "uncertainty.vary.weights needs relative, such as {relative: 0.25}, or {experts: bootstrap}".to_owned(),
        );
    }
    Ok(WeightsVary {
        relative: share("uncertainty.vary.weights.relative", file.relative.unwrap_or(0.0))?,
        levels: file.levels.unwrap_or(Levels::All),
        experts: file.experts,
    })
}

pub(super) fn sensitivity(file: &SensitivityFile) -> Result<Option<SensitivityOptions>, String> {
    match file.runs.unwrap_or(1024) {
        0 => Ok(None),
        runs if runs > MOST_POINTS => Err(format!("sensitivity.runs is {runs}: at most {MOST_POINTS}")),
        1 => Err("sensitivity.runs is 1: at least 2".to_owned()),
        runs => Ok(Some(SensitivityOptions { runs })),
    }
}

/// What two blocks must say together.
pub(super) fn agree(options: &Options) -> Result<(), String> {
    if options.sensitivity.is_some() && options.uncertainty.is_none() {
        return Err("sensitivity is that to what uncertainty.vary names: add uncertainty: {vary: …}".to_owned());
    }
    let weights = options
        .uncertainty
        .as_ref()
        .and_then(|uncertainty| uncertainty.vary.weights.as_ref());
    if weights.is_some_and(|weights| weights.experts.is_some()) && options.weights.experts.is_none() {
        return Err(
            "uncertainty.vary.weights.experts: no experts were asked; give weights: {method: budget_allocation or ahp, experts: FILE.csv}"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::NormaliseMethod;

    fn read(text: &str) -> Result<Options, String> {
        Options::read("o.yaml", text, Options::score()).map_err(|error| error.to_string())
    }

    const FULL: &str = "
uncertainty:
  runs: 200
  seed: 7
  vary:
    impute: [none, {method: group_mean, group: region}]
    treat: [none, {method: winsorise, max_winsorised: 3}]
    normalise: [{method: min_max, low: 1}, {method: z_score, mean: 10, sd: 2}]
    aggregate: [arithmetic, {method: power, exponent: 0.5}]
    weights: {relative: 0.25, levels: [2]}
    drop_one: true
    respondents: bootstrap
normalise: {method: min_max, high: 10}
sensitivity: {runs: 100}
";

    #[test]
    fn an_alternative_takes_what_it_leaves_out_from_the_defaults_and_not_from_the_nominal_block() {
        let options = read(FULL).unwrap();
        let first = &options.uncertainty.as_ref().unwrap().vary.normalise[0];
        assert_eq!(first.method, NormaliseMethod::MinMax);
        assert!((first.low, first.high) == (1.0, 100.0));
    }

    #[test]
    fn what_was_read_is_written_out_in_full_and_reads_back_as_itself() {
        let options = read(FULL).unwrap();
        assert_eq!(read(&serde_json::to_string(&options).unwrap()).unwrap(), options);
        let assess = serde_json::to_string(&Options::assess()).unwrap();
        assert_eq!(read(&assess).unwrap(), Options::assess());
    }

    #[test]
    fn errors_say_what_would_be_right() {
        for (text, message) in [
            ("uncertainty: {runs: 10}", "names nothing to vary"),
            (
                "uncertainty: {vary: {weights: {relative: 25}}}",
                "a share between 0 and 1",
            ),
            ("uncertainty: {vary: {weights: {}}}", "needs relative"),
            (
                "uncertainty: {vary: {weights: {experts: bootstrap}}}",
                "no experts were asked",
            ),
            ("uncertainty: {vary: {normalise: []}}", "lists no alternative"),
            ("uncertainty: {vary: {normalise: [zscore]}}", "did you mean 'z_score'?"),
            ("uncertainty: {vary: {respondents: jackknife}}", "bootstrap"),
            (
                "uncertainty: {confidence: 90, vary: {drop_one: true}}",
                "between 0 and 1",
            ),
            ("sensitivity: {runs: 64}", "add uncertainty"),
            (
                "weights: benefit_of_the_doubt\nuncertainty: {vary: {drop_one: true}}",
                "benefit of the doubt weighs each unit",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert_eq!(read("uncertainty: {runs: 0}").unwrap().uncertainty, None);
        let assess = Options::read("o.yaml", "weights: benefit_of_the_doubt", Options::assess()).unwrap();
        assert_eq!(assess.uncertainty, None);
    }
}
