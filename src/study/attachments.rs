//! The files of responses: which ones a response names, which of them have come; keeping, verifying and removing them.
//!
//! A version has the files that were sent for it, and those that the versions before it had under the same names: an
//! edit does not send a photograph again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{Catalogue, StudyError, received_answers};
use crate::attachments::{ContentAddress, ContentError, ContentKey, Contents, FileKind, Kept, Received};
use crate::definition::{Definition, QuestionType};
use crate::response::{
    Fingerprint, InterviewLog, NamedFile, Problem, ProblemCode, asks_personal, instance, is_file_name, named_files,
    texts_like_names,
};
use crate::store::{
    Address, Attached, Attachment, Content, Filter, Head, NewAttachment, Seen, Store, StoreError, Version,
};

/// A file that a version of a response names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOfResponse {
    /// Its name.
    pub name: String,
    /// The questions that name it, with instances counted from 1; one at least.
    pub questions: Vec<String>,
    /// Whether one of them is about a person: then the name and the content are too.
    pub personal: bool,
    /// Which kinds of file are taken under this name.
    pub kind: FileKind,
    /// Whether a question asks for it. Else some text says its name, and it is not awaited.
    pub asked: bool,
    /// What came; `None` where it is still awaited.
    pub received: Option<Attachment>,
    /// The instance ID of the version that names it.
    pub instance_id: String,
    version: i64,
    seen: Seen,
}

/// Contents that were removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many.
    pub contents: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// Files that programs which died had left on the way.
    pub left_over: u64,
}

/// What is wrong with some content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentFault {
    /// It is not where it should be, or has another size.
    Missing(Fingerprint),
    /// It is not what it was.
    Changed(Fingerprint),
    /// It is there, and no row of the database knows of it.
    Unknown(Fingerprint),
}

/// What verifying found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedContents {
    /// How many contents responses have.
    pub contents: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// What is wrong.
    pub faults: Vec<ContentFault>,
}

/// What sealing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedContents {
    /// How many contents it sealed.
    pub contents: u64,
    /// Those that stay as they are: what lies there is not what came.
    pub faults: Vec<ContentFault>,
}

/// The place for the contents of a store's files: the one that is set, else a folder beside the file of `SQLite`, else
/// for a throw-away database one that is thrown away with it.
///
/// # Errors
///
/// [`ContentError::NotSet`] for a database that has no place beside it; where the place can't be used.
pub fn open_contents(set: Option<&ContentAddress>, database: &Address) -> Result<Contents, ContentError> {
    match (set, database) {
        (Some(address), _) => Contents::open(address),
        (None, Address::Sqlite(file)) => {
            let mut folder = file.clone().into_os_string();
            folder.push("-attachments");
            Contents::open(&ContentAddress::Folder(folder.into()))
        }
        (None, Address::Temporary) => Contents::temporary(),
        (None, Address::Postgres(_)) => Err(ContentError::NotSet),
    }
}

/// The files that a version of a response names, in the order of the survey: of the present version, or of the one
/// that has this instance ID. Then those that came though no question asks for them.
///
/// # Errors
///
/// Where there is no such version, where the keys of personal answers are missing, or what the database says.
pub fn files_of_response(
    store: &Store,
    catalogue: &Catalogue,
    head: &Head,
    of: Option<&str>,
) -> Result<Vec<FileOfResponse>, StudyError> {
    let survey = catalogue.survey(&head.survey)?;
    if !survey
        .versions
        .iter()
        .any(|version| asks_for_files(&version.definition))
        && store.attachments(head)?.is_empty()
    {
        return Ok(Vec::new());
    }
    let mut files = files_that_may_come(store, catalogue, head, of)?;
    files.retain(|file| file.asked || file.received.is_some());
    Ok(files)
}

/// The same, and every text of the version that could be the name of a file: what a form of another version asks for
/// comes with its answers.
///
/// # Errors
///
/// As [`files_of_response`].
pub fn files_that_may_come(
    store: &Store,
    catalogue: &Catalogue,
    head: &Head,
    of: Option<&str>,
) -> Result<Vec<FileOfResponse>, StudyError> {
    let versions = store.response_versions(&head.survey, &head.instance_id)?;
    let wanted = versions.iter().find(|version| match of {
        Some(instance_id) => version.instance_id == instance_id,
        None => version.id == head.current_version,
    });
    let wanted = wanted.ok_or_else(|| StoreError::NotFound {
        what: "response",
        name: of.unwrap_or(&head.instance_id).to_owned(),
    })?;
    let mut files = files_named(store, catalogue, head, wanted)?;
    if files.is_empty() {
        return Ok(files);
    }
    let there = store.attachments(head)?;
    let mut version = Some(wanted);
    let mut steps = versions.len();
    while let Some(one) = version.filter(|_| steps > 0 && files.iter().any(|file| file.received.is_none())) {
        let named = if one.id == wanted.id {
            files.clone()
        } else if there.iter().any(|file| file.version == one.id) {
            files_named(store, catalogue, head, one)?
        } else {
            Vec::new()
        };
        for file in files.iter_mut().filter(|file| file.received.is_none()) {
            let before = named.iter().find(|before| before.name == file.name);
            file.received = before.and_then(|before| before.found_in(&there)).cloned();
        }
        version = one
            .deprecated_id
            .as_ref()
            .and_then(|id| versions.iter().find(|version| version.instance_id == *id));
        steps -= 1;
    }
    Ok(files)
}

impl FileOfResponse {
    /// The file of the very version that names it.
    fn found_in<'a>(&self, there: &'a [Attachment]) -> Option<&'a Attachment> {
        there
            .iter()
            .find(|one| one.version == self.version && self.questions.contains(&one.question))
    }

    /// Whether the very version that names it has it, not one before.
    pub fn is_own(&self) -> bool {
        self.received.as_ref().is_some_and(|one| one.version == self.version)
    }
}

fn files_named(
    store: &Store,
    catalogue: &Catalogue,
    head: &Head,
    version: &Version,
) -> Result<Vec<FileOfResponse>, StudyError> {
    let form = &catalogue
        .survey(&head.survey)?
        .version(&version.definition_version)?
        .form;
    let seen = version.seen();
    let mut version = version.clone();
    store.open_personal(&head.survey, &mut version)?;
    let answers = received_answers(form, &version)?;
    let mut files = grouped(named_files(&answers), &version, seen, true);
    let mut known: HashSet<String> = files.iter().map(|file| file.name.clone()).collect();
    for mut others in [texts_like_names(&answers), names_beside(form.definition(), &version)] {
        others.retain(|other| !known.contains(&other.name));
        known.extend(others.iter().map(|other| other.name.clone()));
        files.extend(grouped(others, &version, seen, false));
    }
    Ok(files)
}

/// The longest path of a node under which a file is kept, in bytes.
const LONGEST_PATH: usize = 1000;

/// Names in what was received and could not be read as answers. Where the survey asks anything personal, that may be.
fn names_beside(definition: &Definition, version: &Version) -> Vec<NamedFile> {
    let original = version.original.as_deref();
    let texts = original.and_then(|original| instance::texts(original).ok());
    let texts = texts.unwrap_or_default().into_iter();
    let names = texts.filter(|(path, text)| path.len() <= LONGEST_PATH && is_file_name(text));
    let named = names.map(|(question, name)| NamedFile {
        question,
        question_type: QuestionType::File,
        personal: asks_personal(definition),
        name,
    });
    named.collect()
}

/// Whether a survey has questions that are answered with files.
pub fn asks_for_files(definition: &Definition) -> bool {
    definition.questions().any(|(_, of)| of.is_file())
}

/// One file per name.
fn grouped(named: Vec<NamedFile>, version: &Version, seen: Seen, asked: bool) -> Vec<FileOfResponse> {
    let mut files: Vec<FileOfResponse> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for one in named {
        let position = *positions.entry(one.name.clone()).or_insert(files.len());
        match files.get_mut(position) {
            Some(file) => {
                file.personal |= one.personal;
                file.questions.push(one.question);
            }
            None => files.push(FileOfResponse {
                kind: kind(&one.question_type),
                asked,
                name: one.name,
                questions: vec![one.question],
                personal: one.personal,
                received: None,
                instance_id: version.instance_id.clone(),
                version: version.id,
                seen,
            }),
        }
    }
    files
}

fn kind(question_type: &QuestionType) -> FileKind {
    match question_type {
        QuestionType::Image => FileKind::Picture,
        QuestionType::Audio | QuestionType::BackgroundAudio => FileKind::Sound,
        QuestionType::Video => FileKind::Film,
        QuestionType::Audit => FileKind::Text,
        _ => FileKind::Any,
    }
}

/// Keeps what was received for a file that a version names, and gives that file with it. The same again changes nothing,
/// and mends content that was lost.
///
/// # Errors
///
/// [`StoreError::AttachmentConflict`] where the version has another file there; [`StoreError::AttachmentsTooLarge`];
/// where there is no room, or the place or the database can't be reached: then the version has no part of it.
pub fn keep_file(
    store: &Store,
    contents: &Contents,
    (survey, mut file): (&str, FileOfResponse),
    received: Received,
    (sender, limit): (Option<String>, u64),
    now: DateTime<Utc>,
) -> Result<(Attached, FileOfResponse), StudyError> {
    let hash = received.hash;
    let other = file.received.as_ref().filter(|there| there.content.hash != hash);
    if file.is_own() && other.is_some() {
        return Err(StoreError::AttachmentConflict {
            instance_id: file.instance_id.clone(),
        }
        .into());
    }
    let fits = file.kind.takes(received.media_type);
    let finding =
        (file.asked && !fits).then(|| Problem::new(ProblemCode::FileOfOtherKind, [received.media_type.name()]));
    // Only the log of an interview is taken as text.
    let log = match file.kind {
        FileKind::Text if fits => Some(InterviewLog::read(received.open()?)),
        _ => None,
    };
    let content = store.expect_content(hash, received.size, received.media_type.name(), now)?;
    contents.keep(received, kept(store, &content)?.key)?;
    let new = NewAttachment {
        survey: survey.to_owned(),
        instance_id: file.instance_id.clone(),
        seen: file.seen,
        questions: file.questions.clone(),
        personal: file.personal,
        hash,
        sender,
        limit,
        log,
        finding,
    };
    let attached = store.attach(&new, now)?;
    if attached == Attached::Added || file.received.is_none() {
        file.received = Some(Attachment {
            version: file.version,
            question: file.questions.first().cloned().unwrap_or_default(),
            content,
            sender: new.sender,
            received_at: now,
        });
    }
    Ok((attached, file))
}

/// Content as the place for it knows it.
///
/// # Errors
///
/// Where the key that it is sealed by is missing.
pub fn kept(store: &Store, content: &Content) -> Result<Kept, StoreError> {
    Ok(Kept {
        hash: content.hash,
        size: content.size,
        key: store.content_key(content)?.map(ContentKey::new),
    })
}

/// Seals contents that lie there as they came: those from before there were keys. What the database does not know of stays
/// as it is, and so does what was damaged, which keeps nothing else from being sealed.
///
/// # Errors
///
/// [`StoreError::KeysNeeded`], or what the database or the place says; what was sealed until then is.
pub fn seal_contents(store: &Store, contents: &Contents) -> Result<SealedContents, StudyError> {
    let mut done = SealedContents::default();
    contents.for_each_open(|lying| {
        let Some(content) = store.content(lying.hash)? else {
            return Ok(());
        };
        if content.data_key.is_none() {
            let open = kept(store, &content)?;
            let mut damaged = false;
            let seal = |secret| {
                let sealed = contents.seal(&open, ContentKey::new(secret));
                sealed.map_err(|error| {
                    damaged = matches!(error, ContentError::Changed { .. });
                    error.to_string()
                })
            };
            match store.seal_content(content.hash, seal) {
                Err(_) if damaged => {
                    done.faults.push(ContentFault::Changed(content.hash));
                    return Ok(());
                }
                sealed => done.contents += u64::from(sealed?),
            }
        }
        // Also where a program died before it came to this.
        Ok::<(), StudyError>(contents.remove_open(content.hash)?)
    })?;
    Ok(done)
}

/// Removes contents that no response has had since before `until`, and those whose owner's data was erased.
///
/// # Errors
///
/// What the database or the place says; what was removed until then is.
pub fn prune_contents(
    store: &Store,
    contents: &Contents,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Pruned, StudyError> {
    let mut pruned = Pruned {
        left_over: contents.remove_left_over(now.into())?,
        ..Pruned::default()
    };
    remove_unneeded(store, contents, until, &mut pruned)?;
    Ok(pruned)
}

/// Removes the contents whose owner's data was erased, and no others.
///
/// # Errors
///
/// As [`prune_contents`].
pub fn prune_erased_contents(store: &Store, contents: &Contents) -> Result<Pruned, StudyError> {
    let mut pruned = Pruned::default();
    // Nothing was left by its response before there were any.
    remove_unneeded(store, contents, DateTime::UNIX_EPOCH, &mut pruned)?;
    Ok(pruned)
}

fn remove_unneeded(
    store: &Store,
    contents: &Contents,
    until: DateTime<Utc>,
    pruned: &mut Pruned,
) -> Result<(), StudyError> {
    loop {
        let mut removed = 0;
        for content in store.unneeded_contents(until)? {
            let remove = || contents.remove(content.hash).map_err(|error| error.to_string());
            if store.remove_content(content.hash, until, remove)? {
                removed += 1;
                pruned.bytes += content.size;
            }
        }
        if removed == 0 {
            return Ok(());
        }
        pruned.contents += removed;
    }
}

/// Removes contents that no row of the database knows of and that lie there since before `until`: of a database that
/// was restored from an older backup, or of another one in the same place, which loses them.
///
/// # Errors
///
/// As [`prune_contents`].
pub fn prune_unknown_contents(store: &Store, contents: &Contents, until: DateTime<Utc>) -> Result<Pruned, StudyError> {
    let mut pruned = Pruned::default();
    for_each_unknown(store, contents, Some(until), |hash, size| {
        contents.remove(hash)?;
        pruned.contents += 1;
        pruned.bytes += size;
        Ok(())
    })?;
    Ok(pruned)
}

/// How many contents are looked up at a time.
const BATCH: usize = 500;

fn for_each_unknown(
    store: &Store,
    contents: &Contents,
    until: Option<DateTime<Utc>>,
    mut act: impl FnMut(Fingerprint, u64) -> Result<(), StudyError>,
) -> Result<(), StudyError> {
    let mut batch: Vec<(Fingerprint, u64)> = Vec::new();
    let mut look_up = |batch: &mut Vec<(Fingerprint, u64)>| {
        let hashes: Vec<Fingerprint> = batch.iter().map(|(hash, _)| *hash).collect();
        let unknown = store.unknown_contents(&hashes)?;
        batch
            .drain(..)
            .filter(|(hash, _)| unknown.contains(hash))
            .try_for_each(|(hash, size)| act(hash, size))
    };
    contents.for_each(|stored| {
        if until.is_none_or(|until| stored.at < until) {
            batch.push((stored.hash, stored.size));
        }
        match batch.len() {
            BATCH => look_up(&mut batch),
            _ => Ok(()),
        }
    })?;
    look_up(&mut batch)
}

/// Verifies that all contents that responses have are there; where `deep`, that each still has its hash, which reads all of them.
///
/// # Errors
///
/// What the database or the place says.
pub fn check_contents(store: &Store, contents: &Contents, deep: bool) -> Result<CheckedContents, StudyError> {
    let mut checked = CheckedContents::default();
    let mut after = None;
    loop {
        let batch = store.contents_after(after)?;
        let Some(last) = batch.last() else { break };
        after = Some(last.hash);
        for content in batch {
            checked.contents += 1;
            checked.bytes += content.size;
            let kept = kept(store, &content)?;
            if !contents.has(&kept)? {
                checked.faults.push(ContentFault::Missing(content.hash));
            } else if deep && !contents.is_sound(&kept)? {
                checked.faults.push(ContentFault::Changed(content.hash));
            }
        }
    }
    for_each_unknown(store, contents, None, |hash, _| {
        checked.faults.push(ContentFault::Unknown(hash));
        Ok(())
    })?;
    Ok(checked)
}

/// Hands every response that meets a filter and still awaits files to `act`, with those files.
///
/// # Errors
///
/// The first error of `act`, or as [`files_of_response`].
pub fn for_each_awaiting(
    store: &Store,
    catalogue: &Catalogue,
    filter: &Filter,
    mut act: impl FnMut(&Head, &[FileOfResponse]) -> Result<(), StudyError>,
) -> Result<(), StudyError> {
    let mut heads = Vec::new();
    store.for_each_head::<StoreError>(filter, |head| {
        heads.push(head);
        Ok(())
    })?;
    for head in heads {
        let mut files = files_of_response(store, catalogue, &head, None)?;
        files.retain(|file| file.received.is_none());
        if !files.is_empty() {
            act(&head, &files)?;
        }
    }
    Ok(())
}
