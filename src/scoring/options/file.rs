//! Reading an options file: the form in which every setting may be absent, and its checks.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::vary_file::{self, SensitivityFile, UncertaintyFile};
use super::weights::WeightsFile;
use super::{
    Aggregate, AggregateMethod, Frame, Impute, ImputeMethod, Normalise, NormaliseMethod, Options, RespondentUnit,
    Responses, Screen, ScreenMethod, Treat, TreatMethod,
};
use crate::scoring::ScoringError;

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OptionsFile {
    denominate: Option<bool>,
    impute: Option<Block<ImputeFile>>,
    screen: Option<Block<ScreenFile>>,
    treat: Option<Block<TreatFile>>,
    normalise: Option<Block<NormaliseFile>>,
    weights: Option<Block<WeightsFile>>,
    aggregate: Option<Block<AggregateFile>>,
    frame: Option<Frame>,
    responses: Option<ResponsesFile>,
    uncertainty: Option<UncertaintyFile>,
    sensitivity: Option<SensitivityFile>,
    profiles: Option<bool>,
    influence: Option<bool>,
    standardise: Option<bool>,
}

/// A step that can be given by the name of its method alone.
pub(super) trait Step: Sized {
    type Method: for<'de> Deserialize<'de>;
    fn of(method: Self::Method) -> Self;
    const WHAT: &'static str;
}

pub(super) struct Block<T>(pub T);

impl<'de, T: Step + Deserialize<'de>> Deserialize<'de> for Block<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Step + Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Block<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "the name of a method for {0}, or a mapping with the settings of {0}",
                    T::WHAT
                )
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
                T::Method::deserialize(de::value::StrDeserializer::new(name)).map(|method| Block(T::of(method)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Block)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

macro_rules! step {
    ($name:ident, $method:ty, $what:literal, { $($field:ident: $type:ty,)* }) => {
        #[derive(Default, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            method: Option<$method>,
            $($field: Option<$type>,)*
        }

        impl Step for $name {
            type Method = $method;
            fn of(method: $method) -> Self {
                Self { method: Some(method), ..Self::default() }
            }
            const WHAT: &'static str = $what;
        }
    };
}

step!(ImputeFile, ImputeMethod, "impute", { group: String, });
step!(ScreenFile, ScreenMethod, "screen", { min_available: f64, });
step!(TreatFile, TreatMethod, "treat", { max_winsorised: usize, max_skewness: f64, max_kurtosis: f64, });
step!(NormaliseFile, NormaliseMethod, "normalise", { low: f64, high: f64, cap: bool, mean: f64, sd: f64, reference: String, });
step!(AggregateFile, AggregateMethod, "aggregate", { by_level: Vec<AggregateMethod>, exponent: f64, min_available: f64, });

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponsesFile {
    states: Option<Vec<String>>,
    unit: Option<RespondentUnit>,
    survey: Option<String>,
    minimum: Option<u32>,
    flag_below: Option<u32>,
}

pub(super) fn read(
    file: &str,
    text: &str,
    defaults: Options,
    open: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Options, ScoringError> {
    let refuse = |message: String| ScoringError::Options {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message,
    };
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(defaults);
    }
    let given: OptionsFile = serde_saphyr::from_str(text).map_err(|error| located(file, text, &error))?;
    merge(given, &defaults, open).map_err(refuse)
}

fn located(file: &str, text: &str, error: &serde_saphyr::Error) -> ScoringError {
    let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    let rendered = error.without_snippet().to_string();
    let suffix = format!(" at line {line}, column {column}");
    let message = rendered.replace(&suffix, "");
    let message = wrong_scalar(text, line, column, &message).unwrap_or(message);
    ScoringError::Options {
        file: file.to_owned(),
        line,
        column,
        message,
    }
}

/// What is wrong with a value of the wrong type, by the key and the value that stand there: the parser says the type alone.
fn wrong_scalar(text: &str, line: u64, column: u64, message: &str) -> Option<String> {
    let wanted = match message.strip_prefix("invalid ")? {
        "boolean" => "true or false",
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        _ => return None,
    };
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let at = line
        .char_indices()
        .nth(usize::try_from(column).ok()?.checked_sub(1)?)?
        .0;
    let (before, value) = line.split_at_checked(at)?;
    let value = value.split([',', '}', ']', '#']).next()?.trim();
    let key = before.trim_end().trim_end_matches(':');
    let key = key
        .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .next()?;
    Some(format!("{key}: '{value}' is not {wanted}"))
}

fn merge(
    given: OptionsFile,
    defaults: &Options,
    open: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Options, String> {
    let normalise_given = given.normalise.is_some();
    let weights = given.weights.map_or(Ok(defaults.weights.clone()), |Block(file)| {
        file.into_weights(&defaults.weights, open)
    })?;
    let mut options = Options {
        denominate: given.denominate.unwrap_or(defaults.denominate),
        impute: given.impute.map_or(Ok(defaults.impute.clone()), |Block(file)| {
            impute(file, &defaults.impute)
        })?,
        screen: given.screen.map_or(Ok(defaults.screen.clone()), |Block(file)| {
            screen(&file, &defaults.screen)
        })?,
        treat: given
            .treat
            .map_or(Ok(defaults.treat.clone()), |Block(file)| treat(&file, &defaults.treat))?,
        normalise: given.normalise.map_or(Ok(defaults.normalise.clone()), |Block(file)| {
            normalise(file, &defaults.normalise)
        })?,
        aggregate: given.aggregate.map_or(Ok(defaults.aggregate.clone()), |Block(file)| {
            aggregate(file, &defaults.aggregate)
        })?,
        frame: given.frame.unwrap_or(defaults.frame),
        responses: given.responses.map_or(Ok(defaults.responses.clone()), |file| {
            responses(file, &defaults.responses)
        })?,
        uncertainty: vary_file::uncertainty(given.uncertainty, weights.method, defaults)?,
        weights,
        sensitivity: given
            .sensitivity
            .as_ref()
            .map_or(Ok(defaults.sensitivity), vary_file::sensitivity)?,
        profiles: given.profiles.unwrap_or(defaults.profiles),
        influence: given.influence.unwrap_or(defaults.influence),
        standardise: given.standardise.unwrap_or(defaults.standardise),
    };
    let adjusted = options.aggregate.uses(AggregateMethod::Ampi);
    if adjusted && !normalise_given {
        options.normalise.method = NormaliseMethod::Goalposts;
        (options.normalise.low, options.normalise.high) = (70.0, 130.0);
    }
    if adjusted && options.normalise.method != NormaliseMethod::Goalposts {
        return Err("aggregate: ampi works on fixed goalposts: use normalise: goalposts, or mpi".to_owned());
    }
    vary_file::agree(&options)?;
    Ok(options)
}

pub(super) fn impute(file: ImputeFile, defaults: &Impute) -> Result<Impute, String> {
    let method = file.method.unwrap_or(defaults.method);
    let grouped = matches!(method, ImputeMethod::GroupMean | ImputeMethod::GroupMedian);
    match (grouped, file.group.is_some()) {
        (true, false) => Err(format!(
            "impute: {} needs group: the column that says which group a unit is in",
            method.name()
        )),
        (false, true) => Err(format!(
            "impute: group is only for group_mean and group_median, not for {}",
            method.name()
        )),
        _ => Ok(Impute {
            method,
            group: file.group,
        }),
    }
}

fn screen(file: &ScreenFile, defaults: &Screen) -> Result<Screen, String> {
    let min_available = share(
        "screen.min_available",
        file.min_available.unwrap_or(defaults.min_available),
    )?;
    let implied = if file.min_available.is_some() {
        ScreenMethod::MinAvailable
    } else {
        defaults.method
    };
    Ok(Screen {
        method: file.method.unwrap_or(implied),
        min_available,
    })
}

pub(super) fn treat(file: &TreatFile, defaults: &Treat) -> Result<Treat, String> {
    let treat = Treat {
        method: file.method.unwrap_or(defaults.method),
        max_winsorised: file.max_winsorised.unwrap_or(defaults.max_winsorised),
        max_skewness: finite("treat.max_skewness", file.max_skewness.unwrap_or(defaults.max_skewness))?,
        max_kurtosis: finite("treat.max_kurtosis", file.max_kurtosis.unwrap_or(defaults.max_kurtosis))?,
    };
    let limits = file.max_winsorised.is_some() || file.max_skewness.is_some() || file.max_kurtosis.is_some();
    if treat.method == TreatMethod::None && file.method.is_none() && limits {
        return Err("treat: its limits are given but no method: add method: winsorise_then_log".to_owned());
    }
    Ok(treat)
}

pub(super) fn normalise(file: NormaliseFile, defaults: &Normalise) -> Result<Normalise, String> {
    let normalise = Normalise {
        method: file.method.unwrap_or(defaults.method),
        low: finite("normalise.low", file.low.unwrap_or(defaults.low))?,
        high: finite("normalise.high", file.high.unwrap_or(defaults.high))?,
        cap: file.cap.unwrap_or(defaults.cap),
        mean: finite("normalise.mean", file.mean.unwrap_or(defaults.mean))?,
        sd: finite("normalise.sd", file.sd.unwrap_or(defaults.sd))?,
        reference: file.reference,
    };
    if normalise.low >= normalise.high {
        return Err(format!(
            "normalise: low ({}) must be below high ({})",
            normalise.low, normalise.high
        ));
    }
    if normalise.sd <= 0.0 {
        return Err(format!("normalise: sd must be above 0, it is {}", normalise.sd));
    }
    let by_reference = normalise.method == NormaliseMethod::DistanceToReference;
    match (by_reference, normalise.reference.is_some()) {
        (true, false) => Err("normalise: distance_to_reference needs reference: the id of a unit".to_owned()),
        (false, true) => Err("normalise: reference is only for distance_to_reference".to_owned()),
        _ => Ok(normalise),
    }
}

pub(super) fn aggregate(file: AggregateFile, defaults: &Aggregate) -> Result<Aggregate, String> {
    let by_level = file.by_level.unwrap_or_default();
    if file.method.is_some() && !by_level.is_empty() {
        return Err("aggregate: give either method or by_level, not both".to_owned());
    }
    let aggregate = Aggregate {
        method: file.method.unwrap_or(defaults.method),
        exponent: file
            .exponent
            .map(|exponent| finite("aggregate.exponent", exponent))
            .transpose()?,
        min_available: share(
            "aggregate.min_available",
            file.min_available.unwrap_or(defaults.min_available),
        )?,
        by_level,
    };
    match (aggregate.uses(AggregateMethod::Power), file.exponent) {
        (true, None) => Err("aggregate: power needs exponent, as {method: power, exponent: 0.5}".to_owned()),
        (false, Some(_)) => Err("aggregate: exponent is only for power".to_owned()),
        _ => Ok(aggregate),
    }
}

/// The review states of responses.
const STATES: [&str; 5] = ["received", "has_issues", "edited", "approved", "rejected"];

fn responses(file: ResponsesFile, defaults: &Responses) -> Result<Responses, String> {
    let states = file.states.unwrap_or_else(|| defaults.states.clone());
    for state in &states {
        if !STATES.contains(&state.as_str()) {
            return Err(format!(
                "responses.states: there is no state '{state}'; the states are {}",
                STATES.join(", ")
            ));
        }
    }
    Ok(Responses {
        states,
        unit: file.unit.unwrap_or(defaults.unit),
        survey: file.survey.or_else(|| defaults.survey.clone()),
        minimum: file.minimum.unwrap_or(defaults.minimum),
        flag_below: file.flag_below.unwrap_or(defaults.flag_below),
    })
}

fn finite(option: &str, number: f64) -> Result<f64, String> {
    if number.is_finite() {
        Ok(number)
    } else {
        Err(format!("{option} must be a number, it is {number}"))
    }
}

pub(super) fn share(option: &str, number: f64) -> Result<f64, String> {
    if (0.0..=1.0).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{option} is a share between 0 and 1, it is {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, text: &str, defaults: Options) -> Result<Options, ScoringError> {
        Options::read(file, text, defaults)
    }

    fn refused(text: &str) -> String {
        read("o.yaml", text, Options::score()).unwrap_err().to_string()
    }

    #[test]
    fn a_setting_that_is_not_given_takes_the_default_of_the_command() {
        let options = read("o.yaml", "aggregate: geometric\n", Options::assess()).unwrap();
        assert_eq!(options.aggregate.method, AggregateMethod::Geometric);
        assert!((options.aggregate.min_available - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(options.normalise.method, NormaliseMethod::Goalposts);
    }

    #[test]
    fn options_written_out_in_full_read_back_as_themselves() {
        let mut options = Options::assess();
        options.impute = Impute {
            method: ImputeMethod::GroupMean,
            group: Some("region".into()),
        };
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(read("o.json", &text, Options::score()).unwrap(), options);
    }

    #[test]
    fn ampi_brings_its_scale_along_and_takes_no_other_method_of_normalising() {
        let options = read("o.yaml", "aggregate: ampi", Options::score()).unwrap();
        assert_eq!(options.normalise.method, NormaliseMethod::Goalposts);
        assert!((options.normalise.low - 70.0).abs() < 1e-15 && (options.normalise.high - 130.0).abs() < 1e-15);
        assert!(refused("aggregate: ampi\nnormalise: z_score").contains("ampi works on fixed goalposts"));
    }

    #[test]
    fn what_there_is_not_is_refused_with_what_there_is() {
        assert!(refused("weights: lottery").contains("unknown weights method 'lottery'; available: given, equal, pca"));
    }

    #[test]
    fn errors_name_line_and_column_and_what_would_be_right() {
        assert_eq!(
            refused("denominate: true\nnormalise: {method: min_mx}"),
            "o.yaml:2:21: unknown normalise method 'min_mx', did you mean 'min_max'?"
        );
        assert!(refused("normalise: {lo: 1}").starts_with("o.yaml:1:13: "));
        assert_eq!(
            refused("denominate: true\ninfluence: maybe"),
            "o.yaml:2:12: influence: 'maybe' is not true or false"
        );
        assert_eq!(
            refused("uncertainty: {runs: many, seed: 1}"),
            "o.yaml:1:21: runs: 'many' is not a whole number from 0"
        );
        assert!(refused("aggregate: {method: power}").contains("power needs exponent"));
        assert!(refused("screen: {min_available: 65}").contains("a share between 0 and 1"));
        assert!(refused("impute: group_mean").contains("needs group"));
    }
}
