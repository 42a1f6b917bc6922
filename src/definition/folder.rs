//! A folder of definitions: all of its files, and all of their errors at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::choices::{ChoiceList, ChoiceSource};
use super::identity::IdentityPart;
use super::lookups::is_live_list;
use super::model::Definition;
use super::place::{Checked, Diagnostic, Place, nearest};
use super::places::StudyPlaces;
use super::question_type::QuestionType;
use super::text::Text;
use super::version::{AttachedFile, version_hash};
use super::warnings::WarningRules;
use super::xlsform::{Book, XLSFORM_EXTENSIONS};
use super::yaml::{Node, Value};
use crate::workbook::{Limits, Worker};

/// A folder of survey definitions, read and checked.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The surveys, in the order of their files' names.
    pub surveys: Vec<LoadedDefinition>,
    /// The places of the study, where the folder has `places.yaml`.
    pub places: Option<StudyPlaces>,
    /// The text of `warnings.yaml`, which was checked.
    pub warnings: Option<SourceFile>,
    /// The text of `framework.yaml`, for the scoring module to read.
    pub framework: Option<SourceFile>,
}

/// A definition with what it was read from.
#[derive(Debug, Clone)]
pub struct LoadedDefinition {
    /// The definition.
    pub definition: Definition,
    /// The file, word for word.
    pub source: SourceFile,
    /// The files that belong to it, by name.
    pub files: Vec<AttachedFile>,
    /// The hash over the definition and its files.
    pub hash: String,
}

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path as it is named in diagnostics.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads every definition of a folder (YAML files and workbooks), `places.yaml` and `framework.yaml` (whose text is only carried).
///
/// The error is everything that is wrong in all the files. A file or folder that can't be read is one of those errors.
pub fn load_folder(folder: &Path) -> Result<Checked<Folder>, Vec<Diagnostic>> {
    match definition_files(folder) {
        Ok(files) => load_files(&files),
        Err(error) => Err(vec![Diagnostic::unreadable(folder, &error)]),
    }
}

/// Reads these files as [`load_folder`] does those of a folder. XLSForm is read in all of its formats.
///
/// Workbooks are parsed in a second process of this program (see [`Worker::of_this_program`]).
pub fn load_files(files: &[PathBuf]) -> Result<Checked<Folder>, Vec<Diagnostic>> {
    let worker = Worker::of_this_program(Limits::of_definitions());
    match worker {
        Ok(worker) => load_files_by(files, &worker),
        Err(error) => Err(vec![Diagnostic::unreadable(Path::new("."), &error)]),
    }
}

/// Reads these files, workbooks by this worker.
pub fn load_files_by(files: &[PathBuf], worker: &Worker) -> Result<Checked<Folder>, Vec<Diagnostic>> {
    let mut loaded = Folder::default();
    let mut found = Vec::new();
    for path in files {
        if is_xlsform(path) {
            load_xlsform(path, worker, &mut loaded, &mut found);
            continue;
        }
        match fs::read(path) {
            Ok(bytes) => load_file(path, bytes, &mut loaded, &mut found),
            Err(error) => found.push(Diagnostic::unreadable(path, &error)),
        }
    }
    across_files(&loaded, &mut found);
    if found.iter().any(Diagnostic::is_error) {
        return Err(found);
    }
    Ok(Checked {
        value: loaded,
        warnings: found,
    })
}

/// Whether this is read as an XLSForm: by its ending, or a folder with a `survey.csv`.
pub fn is_xlsform(path: &Path) -> bool {
    path.join("survey.csv").is_file()
        || ending(path).is_some_and(|ending| XLSFORM_EXTENSIONS.contains(&ending.as_str()))
}

fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
}

/// The YAML files and workbooks of a folder, by name.
pub fn definition_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Spreadsheet programs keep hidden files beside the workbooks that they have open.
        let hidden = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(['.', '~']));
        let defines =
            ending(&path).is_some_and(|ending| ["yaml", "yml", "xlsx", "xlsm", "xls"].contains(&ending.as_str()));
        if path.is_file() && defines && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads an XLSForm. What is kept of it is its sheets as one table of text.
fn load_xlsform(path: &Path, worker: &Worker, loaded: &mut Folder, found: &mut Vec<Diagnostic>) {
    let name = path.display().to_string();
    let book = match Book::open(path, worker) {
        Ok(book) => book,
        Err(diagnostic) => return found.push(diagnostic),
    };
    match Definition::from_xlsform(&name, &book) {
        Ok(checked) => {
            if let Err(diagnostic) = expect_version(&checked.value, &name) {
                found.extend(checked.warnings);
                found.push(*diagnostic);
            } else {
                let text = book.to_csv();
                keep(path, checked, SourceFile { name, text }, loaded, found);
            }
        }
        Err(errors) => found.extend(errors),
    }
}

/// A form in XLSForm need not have a version, but a survey must.
pub fn expect_version(definition: &Definition, file_name: &str) -> Result<(), Box<Diagnostic>> {
    if !definition.version().is_empty() {
        return Ok(());
    }
    let place = Place::cell(file_name, "settings", 0, 0);
    Err(Box::new(
        Diagnostic::error(place, "the survey has no version")
            .with_help("write it in the sheet 'settings' below the header 'version': 2026.1"),
    ))
}

/// Takes in a definition with the files beside it.
fn keep(
    path: &Path,
    checked: Checked<Definition>,
    source: SourceFile,
    loaded: &mut Folder,
    found: &mut Vec<Diagnostic>,
) {
    found.extend(checked.warnings);
    let files = attached_files(path, checked.value.survey(), found);
    found.extend(check_files(&checked.value, &source.name, &files));
    let hash = version_hash(source.text.as_bytes(), &files);
    loaded.surveys.push(LoadedDefinition {
        definition: checked.value,
        source,
        files,
        hash,
    });
}

fn load_file(path: &Path, bytes: Vec<u8>, loaded: &mut Folder, found: &mut Vec<Diagnostic>) {
    let name = path.display().to_string();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = error
                .as_bytes()
                .iter()
                .take(error.utf8_error().valid_up_to())
                .filter(|byte| **byte == b'\n')
                .count();
            found.push(
                Diagnostic::error(
                    Place::line(name, u32::try_from(line + 1).unwrap_or(u32::MAX), 1),
                    "this is not UTF-8",
                )
                .with_help("save the file as UTF-8"),
            );
            return;
        }
    };
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("places") => match StudyPlaces::from_yaml(&name, &text) {
            Ok(checked) => {
                found.extend(checked.warnings);
                loaded.places = Some(checked.value);
            }
            Err(errors) => found.extend(errors),
        },
        Some("warnings") => match WarningRules::from_yaml(&name, &text) {
            Ok(checked) => {
                found.extend(checked.warnings);
                loaded.warnings = Some(SourceFile { name, text });
            }
            Err(errors) => found.extend(errors),
        },
        _ if is_framework(&text) => loaded.framework = Some(SourceFile { name, text }),
        _ => match Definition::from_yaml(&name, &text) {
            Ok(checked) => keep(path, checked, SourceFile { name, text }, loaded, found),
            Err(errors) => found.extend(errors),
        },
    }
}

/// A framework of indicators says so by its first key.
fn is_framework(text: &str) -> bool {
    match Node::parse("", text).0.map(|node| node.value) {
        Some(Value::Mapping(entries)) => {
            let has = |wanted: &str| entries.iter().any(|(key, _)| key.text() == Some(wanted));
            has("framework") && !has("questions")
        }
        _ => false,
    }
}

/// The files of `<survey>-media/` beside the definition.
fn attached_files(path: &Path, survey: &str, found: &mut Vec<Diagnostic>) -> Vec<AttachedFile> {
    let folder = path.with_file_name(format!("{survey}-media"));
    let mut files = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return files,
        Err(error) => {
            found.push(Diagnostic::unreadable(&folder, &error));
            return files;
        }
    };
    for path in entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
    {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            continue;
        };
        match fs::read(&path) {
            Ok(content) => files.push(AttachedFile { name, content }),
            Err(error) => found.push(Diagnostic::unreadable(&path, &error)),
        }
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    files
}

/// That every file that a definition names is among those that belong to it, and every file is named. `source` is how
/// the definition's own file is named.
pub fn check_files(definition: &Definition, source: &str, files: &[AttachedFile]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut named: HashMap<String, Place> = HashMap::new();
    let mut name = |file: &str, place: &Place| {
        named.entry(file.to_owned()).or_insert_with(|| place.clone());
    };
    let media = |text: &Text| text.iter().map(|(_, file)| file.to_owned()).collect::<Vec<_>>();
    for element in definition.elements() {
        if let Some(ChoiceSource::File(file)) = element
            .question_type()
            .and_then(QuestionType::select)
            .map(|select| &select.source)
        {
            name(file, &element.origin);
        }
        element
            .media
            .values()
            .flat_map(media)
            .for_each(|file| name(&file, &element.origin));
        let extension = match element.question_type() {
            Some(QuestionType::XmlExternal) => "xml",
            Some(QuestionType::CsvExternal) => "csv",
            _ => continue,
        };
        name(&format!("{}.{extension}", element.name), &element.origin);
    }
    for choice in definition.choices().values().flat_map(ChoiceList::choices) {
        choice
            .media
            .values()
            .flat_map(media)
            .for_each(|file| name(&file, &choice.origin));
    }
    let mut missing: Vec<(&String, &Place)> = named
        .iter()
        .filter(|(file, _)| !files.iter().any(|attached| attached.name == **file))
        .filter(|(file, _)| !file.strip_suffix(".csv").is_some_and(is_live_list))
        .collect();
    missing.sort_by_key(|(file, _)| *file);
    for (file, place) in missing {
        let diagnostic = Diagnostic::error(
            place.clone(),
            format!("the file '{file}' is not in {}-media", definition.survey()),
        );
        found.push(
            match nearest(file, files.iter().map(|attached| attached.name.as_str())) {
                Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
                None => diagnostic.with_help("put it into that folder, beside the definition"),
            },
        );
    }
    let mentioned = |file: &AttachedFile| {
        let stem = file.name.split('.').next().unwrap_or_default();
        named.contains_key(&file.name)
            || definition
                .elements()
                .iter()
                .any(|element| element.formulas().any(|(_, formula)| formula.source().contains(stem)))
    };
    for file in files.iter().filter(|file| !mentioned(file)) {
        found.push(Diagnostic::warning(
            Place::file(source),
            format!("nothing uses the file '{}' of {}-media", file.name, definition.survey()),
        ));
    }
    found
}

/// What only shows when all files are there: a survey defined twice, cities that are no places of the study.
fn across_files(loaded: &Folder, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for survey in &loaded.surveys {
        if let Some(first) = seen.insert(survey.definition.survey(), &survey.source.name) {
            found.push(
                Diagnostic::error(
                    Place::file(survey.source.name.as_str()),
                    format!("the survey '{}' is defined twice", survey.definition.survey()),
                )
                .with_help(format!("the other is {first}: give one of them another id")),
            );
        }
    }
    let Some(places) = &loaded.places else { return };
    for definition in loaded.surveys.iter().map(|survey| &survey.definition) {
        let Some(list) = definition
            .identity()
            .get(IdentityPart::City)
            .and_then(|city| definition.choice_list(city))
        else {
            continue;
        };
        for choice in list
            .choices()
            .iter()
            .filter(|choice| places.get(&choice.name).is_none())
        {
            let diagnostic = Diagnostic::warning(
                choice.origin.0.clone(),
                format!("the city '{}' is no place of places.yaml", choice.name),
            );
            found.push(
                match nearest(&choice.name, places.iter().map(|place| place.code.as_str())) {
                    Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
                    None => diagnostic.with_help("answers from there can't be scored"),
                },
            );
        }
    }
}
