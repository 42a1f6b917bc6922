//! The functions: their names, and how many arguments each takes.

/// How many arguments a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arity {
    pub least: usize,
    pub most: Option<usize>,
}

impl Arity {
    /// In words: "1 argument", "2 or 3 arguments".
    pub(super) fn in_words(self) -> String {
        let plural = |count: usize| if count == 1 { "argument" } else { "arguments" };
        match (self.least, self.most) {
            (0, Some(0)) => "no arguments".to_owned(),
            (least, Some(most)) if least == most => format!("{least} {}", plural(least)),
            (least, Some(most)) if least + 1 == most => format!("{least} or {most} arguments"),
            (least, Some(most)) => format!("{least} to {most} arguments"),
            (least, None) => format!("at least {least} {}", plural(least)),
        }
    }

    pub(super) fn admits(self, count: usize) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }
}

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $(..= $most:literal)? $(.. $open:tt)?;)*) => {
        /// Every function of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($variant),* }

        const TABLE: &[(&str, Function, Arity)] = &[
            $(($name, Function::$variant, functions!(@arity $least $(..= $most)? $(.. $open)?))),*
        ];
    };
    (@arity $least:literal) => { Arity { least: $least, most: Some($least) } };
    (@arity $least:literal ..= $most:literal) => { Arity { least: $least, most: Some($most) } };
    (@arity $least:literal .. any) => { Arity { least: $least, most: None } };
}

functions! {
    // XPath 1.0: node sets
    Last "last" 0; Position "position" 0..=1; Count "count" 1; Id "id" 1; LocalName "local-name" 0..=1;
    NamespaceUri "namespace-uri" 0..=1; Name "name" 0..=1;
    // XPath 1.0: strings
    String "string" 0..=1; Concat "concat" 0..any; StartsWith "starts-with" 2; Contains "contains" 2;
    SubstringBefore "substring-before" 2; SubstringAfter "substring-after" 2; Substring "substring" 2..=3;
    StringLength "string-length" 0..=1; NormalizeSpace "normalize-space" 0..=1; Translate "translate" 3;
    // XPath 1.0: booleans and numbers
    Boolean "boolean" 1; Not "not" 1; True "true" 0; False "false" 0; Lang "lang" 1; Number "number" 0..=1;
    Sum "sum" 1; Floor "floor" 1; Ceiling "ceiling" 1; Round "round" 1..=2;
    // ODK XForms: strings
    EndsWith "ends-with" 2; Substr "substr" 2..=3; Join "join" 1..any; Regex "regex" 2; Coalesce "coalesce" 1..any;
    Digest "digest" 2..=3; Base64Decode "base64-decode" 1; Uuid "uuid" 0..=1; BooleanFromString "boolean-from-string" 1;
    ExtractSigned "extract-signed" 2;
    // ODK XForms: numbers
    Int "int" 1; Abs "abs" 1; Pow "pow" 2; Log "log" 1; Log10 "log10" 1; Exp "exp" 1; Exp10 "exp10" 1; Sqrt "sqrt" 1;
    Sin "sin" 1; Cos "cos" 1; Tan "tan" 1; Asin "asin" 1; Acos "acos" 1; Atan "atan" 1; Atan2 "atan2" 2; Pi "pi" 0;
    Min "min" 1..any; Max "max" 1..any; Random "random" 0;
    // ODK XForms: dates
    Today "today" 0; Now "now" 0; Date "date" 1; DateTime "date-time" 1; DecimalDateTime "decimal-date-time" 1;
    DecimalTime "decimal-time" 1; FormatDate "format-date" 2; FormatDateTime "format-date-time" 2;
    // ODK XForms: choices
    Selected "selected" 2; IsSelected "is-selected" 2; SelectedAt "selected-at" 2; CountSelected "count-selected" 1;
    ChoiceName "jr:choice-name" 2; Itext "jr:itext" 1; Checklist "checklist" 2..any;
    WeightedChecklist "weighted-checklist" 2..any;
    // ODK XForms: nodes, repeats and lists
    CountNonEmpty "count-non-empty" 1; IndexedRepeat "indexed-repeat" 3..=7; Instance "instance" 1; Current "current" 0;
    Randomize "randomize" 1..=2; Pulldata "pulldata" 4;
    // ODK XForms: control and the device
    If "if" 3; Once "once" 1; Depend "depend" 1..any; Property "property" 1; Version "version" 0;
    // ODK XForms: geography
    Area "area" 1; EnclosedArea "enclosed-area" 1; Distance "distance" 1..any; Geofence "geofence" 2;
    Intersects "intersects" 1;
}

impl Function {
    /// The function of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, function, _)| *function)
    }

    pub(super) fn arity(self) -> Arity {
        // The table has the order of the variants.
        TABLE
            .get(self as usize)
            .map_or(Arity { least: 0, most: None }, |(_, _, arity)| *arity)
    }

    /// The known name that looks most like a misspelt one: `summ`, `countselected`, `IF`.
    pub(super) fn suggestion(name: &str) -> Option<&'static str> {
        let plain = name.to_lowercase().replace('_', "-");
        TABLE
            .iter()
            .map(|(known, ..)| (strsim::damerau_levenshtein(&plain, known), *known))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, known)| *distance <= known.chars().count().div_ceil(3).min(3))
            .map(|(_, known)| known)
    }
}
