//! The rows of a workbook, read in blocks and checked on all cores, in their order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use chrono::{DateTime, FixedOffset};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::definition::{ElementId, Text};
use crate::response::{Answer, Answers, Door, Form, InstanceId, Problem, ProblemCode, Received, Severity, process};

use super::exported::ExportFault;
use super::finding::{Fault, Finding, SheetFault};
use super::head::{Head, Questions, Sheet};
use super::record::{self, Entries, Record};
use super::{Accepted, ImportError, ImportOptions, ImportPlan, ReadAs, files};
use crate::workbook::ReadError;
use crate::workbook::RowBatch;
use crate::workbook::Workbook;
use crate::workbook::{Address, Row};

/// A version of the survey with the sheets as it has them.
struct AsVersion<'a> {
    reads: ReadAs<'a>,
    sheets: Vec<Sheet>,
}

impl AsVersion<'_> {
    /// A sheet of the workbook, by its number there.
    fn sheet(&self, index: usize) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.index == index)
    }
}

/// Reads the answers of a workbook and checks them. Nothing is stored.
///
/// Rows are checked on all cores and handed to `keep` there, which makes of each sound one what is worth its memory, and
/// keeps it out where that is nothing. So it does with rows of an export that break rules: phones send what breaks
/// rules, too, so that such a row may be here already; then nothing is wrong with it being here again. `progress` hears how many rows were done, and may end it. What `head` says of survey and version is the caller's to
/// check, who has chosen the versions by it: one for a workbook of ours; for an export all that its rows may name, and
/// first the one that rows are read as which name none of them.
pub fn plan<T: Send>(
    workbook: &mut Workbook,
    head: &Head,
    versions: &[ReadAs<'_>],
    options: &ImportOptions,
    keep: &(dyn Fn(Accepted) -> Option<T> + Sync),
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ImportPlan<T>, ImportError> {
    let (versions, header_findings) = as_versions(head, versions, options);
    let mut plan = ImportPlan {
        accepted: Vec::new(),
        organisations: 0,
        rejected: BTreeSet::new(),
        rejected_entries: BTreeSet::new(),
        orphans: BTreeSet::new(),
        findings: header_findings,
        findings_left_out: 0,
    };
    let Some(first) = versions.first() else {
        return Ok(plan);
    };
    // A column that nobody understands may hold what the rows are about: they are not read without it.
    if plan.problems().next().is_some() {
        return Ok(plan);
    }
    let mut batches: Vec<(usize, Vec<RowBatch>)> = Vec::new();
    for sheet in versions.iter().flat_map(|version| &version.sheets) {
        if sheet.repeat.is_some() && !batches.iter().any(|(index, _)| *index == sheet.index) {
            batches.push((
                sheet.index,
                workbook.read(sheet.index, None)?.collect::<Result<_, _>>()?,
            ));
        }
    }
    let mains: Vec<&Sheet> = first.sheets.iter().filter(|sheet| sheet.repeat.is_none()).collect();
    let in_form = mains
        .iter()
        .any(|sheet| matches!(sheet.questions, Questions::InRows { .. }));
    let mut entries = Vec::new();
    let mut reported = HashSet::new();
    for version in &versions {
        let mut of_version = Vec::new();
        for (index, batches) in &batches {
            let Some(sheet) = version.sheet(*index) else { continue };
            let faults = read_entries(version, sheet, batches, in_form, &mut of_version)?;
            // What has no key has none in any version.
            if reported.insert(*index) {
                for (row, fault) in faults {
                    plan.orphans.insert((sheet.index, row));
                    let at = sheet.at(row, sheet.key);
                    plan.find(fault.at(at, &options.language), options.most_findings);
                }
            }
        }
        // Outer repeats first, so that inner entries find theirs.
        of_version.sort_by_key(|entries: &Entries<'_>| entries.repeat);
        entries.push(of_version);
    }
    let reading = Reading {
        versions: &versions,
        options,
        keep,
        entries: &entries,
    };
    let mut seen = Seen::default();
    for sheet in mains {
        match sheet.questions {
            Questions::InRows { .. } => {
                let batches = workbook.read(sheet.index, None)?.collect::<Result<Vec<_>, _>>()?;
                let rows = batches.iter().flat_map(RowBatch::rows).collect::<Result<Vec<_>, _>>()?;
                let rows: Vec<Row<'_>> = rows.into_iter().filter(|row| row.number > sheet.row).collect();
                let entries = entries.first().map_or(&[][..], Vec::as_slice);
                let record = Record::from_form(first.reads.form, sheet, &rows, entries);
                plan.take(
                    reading.check(first, record, None, options.at),
                    sheet,
                    &mut seen,
                    options,
                );
            }
            Questions::InColumns { .. } => reading.read_rows(workbook, sheet, &mut plan, &mut seen, progress)?,
        }
    }
    if !in_form {
        find_orphans(&entries, &seen, &mut plan, options);
    }
    plan.accepted = seen
        .accepted
        .into_iter()
        .filter(|(key, _)| !seen.twice.contains(key))
        .map(|(_, row)| row)
        .collect();
    plan.sort_findings(head);
    Ok(plan)
}

/// The sheets as each version has them, and what is wrong with the rows of codes whichever version it is.
fn as_versions<'a>(
    head: &Head,
    versions: &[ReadAs<'a>],
    options: &ImportOptions,
) -> (Vec<AsVersion<'a>>, Vec<Finding>) {
    let mut read: Vec<AsVersion<'a>> = Vec::new();
    let mut findings: Option<Vec<Finding>> = None;
    for reads in versions {
        let (sheets, found) = head.sheets(reads.form, &options.language);
        read.push(AsVersion { reads: *reads, sheets });
        // What one version understands is read where a row is of that version.
        findings = Some(match findings {
            None => found,
            Some(mut before) => {
                before.retain(|finding| {
                    found
                        .iter()
                        .any(|other| (other.code, &other.at) == (finding.code, &finding.at))
                });
                before
            }
        });
    }
    (read, findings.unwrap_or_default())
}

/// Reads the entries of a sheet, by what they belong to; gives the rows that say nothing of that.
fn read_entries<'a>(
    version: &AsVersion<'_>,
    sheet: &'a Sheet,
    batches: &'a [RowBatch],
    in_form: bool,
    all: &mut Vec<Entries<'a>>,
) -> Result<Vec<(u32, Fault)>, ImportError> {
    let mut faults = Vec::new();
    let Some(repeat) = sheet.repeat else {
        return Ok(faults);
    };
    let mut entries = Entries {
        sheet,
        repeat,
        around: version.reads.form.repeat_around(repeat),
        rows: HashMap::new(),
        own_keys: HashSet::new(),
    };
    for row in batches.iter().flat_map(RowBatch::rows) {
        let row = row?;
        if !sheet.has_row(&row) {
            continue;
        }
        let own = sheet
            .export
            .as_ref()
            .and_then(|export| record::key_in(&row, export.own_key?));
        entries.own_keys.extend(own);
        let key = if in_form {
            Some(String::new())
        } else {
            record::key(sheet, &row)
        };
        match key {
            Some(key) => entries.rows.entry(key).or_default().push(row),
            None if sheet.export.is_some() => faults.push((row.number, ExportFault::NoParent.into())),
            None => faults.push((row.number, SheetFault::NoKey.into())),
        }
    }
    all.push(entries);
    Ok(faults)
}

/// Finds the entries of what is not there.
fn find_orphans<T>(entries: &[Vec<Entries<'_>>], seen: &Seen<T>, plan: &mut ImportPlan<T>, options: &ImportOptions) {
    let mut done = HashSet::new();
    for of_version in entries {
        for repeat in of_version.iter().filter(|repeat| done.insert(repeat.sheet.index)) {
            let is_export = repeat.sheet.export.is_some();
            let outer = of_version
                .iter()
                .find(|outer| is_export && Some(outer.repeat) == repeat.around);
            let is_there = |key: &String| match outer {
                Some(outer) => outer.own_keys.contains(key),
                None => seen.keys.contains_key(key),
            };
            for (key, rows) in repeat.rows.iter().filter(|(key, _)| !is_there(key)) {
                for row in rows {
                    let at = repeat.sheet.at(row.number, repeat.sheet.key);
                    let key = key.clone();
                    let fault: Fault = if is_export {
                        ExportFault::UnknownParent { key }.into()
                    } else {
                        SheetFault::UnknownKey { key }.into()
                    };
                    plan.orphans.insert((repeat.sheet.index, row.number));
                    plan.find(fault.at(at, &options.language), options.most_findings);
                }
            }
        }
    }
}

/// What the rows of a workbook have in common while they are read.
struct Reading<'a, T> {
    versions: &'a [AsVersion<'a>],
    options: &'a ImportOptions,
    keep: &'a (dyn Fn(Accepted) -> Option<T> + Sync),
    /// By version.
    entries: &'a [Vec<Entries<'a>>],
}

/// What became of a record.
struct Checked<T> {
    at: Address,
    key: Option<String>,
    digest: [u8; 16],
    /// The instance ID that it came with.
    given_id: Option<String>,
    rows: Vec<(usize, u32)>,
    findings: Vec<Finding>,
    /// In an export: the version that it names, where that says nothing here.
    opaque_version: Option<(Address, ExportFault)>,
    kept: Option<T>,
}

impl<T: Send> Reading<'_, T> {
    /// How many blocks of rows wait while others are checked, and how many are checked together.
    const BLOCKS: usize = 8;

    fn read_rows(
        &self,
        workbook: &mut Workbook,
        sheet: &Sheet,
        plan: &mut ImportPlan<T>,
        seen: &mut Seen<T>,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), ImportError> {
        let batches = workbook.read(sheet.index, None)?;
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(Self::BLOCKS);
            // Ends with the sheet, or when nobody listens any more.
            scope.spawn(move || {
                for batch in batches {
                    if sender.send(batch).is_err() {
                        break;
                    }
                }
            });
            while let Some(batches) = next_blocks(&receiver, Self::BLOCKS)? {
                let checked: Vec<_> = batches.par_iter().map(|batch| self.check_batch(sheet, batch)).collect();
                for checked in checked {
                    for checked in checked? {
                        plan.take(checked, sheet, seen, self.options);
                    }
                }
                if progress(plan.organisations).is_break() {
                    return Err(ImportError::Stopped);
                }
            }
            Ok(())
        })
    }

    fn check_batch(&self, sheet: &Sheet, batch: &RowBatch) -> Result<Vec<Checked<T>>, ImportError> {
        let mut checked = Vec::new();
        for row in batch.rows() {
            let row = row?;
            if !sheet.has_row(&row) {
                continue;
            }
            let Some((version, entries, sheet)) = self.version_of(sheet, &row) else {
                continue;
            };
            let record = Record::from_row(version.reads.form, sheet, &row, entries);
            let key = (!entries.is_empty()).then(|| record::key(sheet, &row)).flatten();
            let zone = version.reads.form.timezone();
            let submitted = sheet.export.as_ref().and_then(|export| export.submitted(&row, zone));
            let mut read = self.check(version, record, key, submitted.unwrap_or(self.options.at));
            read.opaque_version = self.opaque_version(version, sheet, &row);
            checked.push(read);
        }
        Ok(checked)
    }

    /// The version that a row of a sheet is read as: the one that it names, else the first.
    fn version_of<'s>(
        &'s self,
        sheet: &'s Sheet,
        row: &Row<'_>,
    ) -> Option<(&'s AsVersion<'s>, &'s [Entries<'s>], &'s Sheet)> {
        let named = sheet.export.as_ref().and_then(|export| export.version(row));
        let number = named
            .and_then(|named| {
                self.versions
                    .iter()
                    .position(|version| version.reads.form.version() == named)
            })
            .unwrap_or(0);
        let version = self.versions.get(number)?;
        let entries = self.entries.get(number)?;
        Some((version, entries, version.sheet(sheet.index)?))
    }

    /// That the version which a row names is the server's own name for it, and none of ours.
    fn opaque_version(&self, read_as: &AsVersion<'_>, sheet: &Sheet, row: &Row<'_>) -> Option<(Address, ExportFault)> {
        let export = sheet.export.as_ref().filter(|export| export.opaque_versions)?;
        let named = export.version(row)?;
        let is_ours = |version: &AsVersion<'_>| version.reads.form.version() == named;
        let fault = (!self.versions.iter().any(is_ours)).then(|| ExportFault::OpaqueVersion {
            named,
            read_as: read_as.reads.form.version().to_owned(),
        })?;
        Some((sheet.at(row.number, export.version?), fault))
    }

    /// Sends a record through the one way in.
    fn check(
        &self,
        version: &AsVersion<'_>,
        record: Record<'_>,
        key: Option<String>,
        received_at: DateTime<FixedOffset>,
    ) -> Checked<T> {
        let language = &self.options.language;
        let Record {
            answers,
            faults,
            places,
            rows,
            origin,
        } = record;
        let at = places.first();
        let digest = digest(version.reads.form, self.options.round.as_deref(), &answers);
        let given_id = origin.as_ref().and_then(|origin| origin.instance_id.clone());
        // So that nothing is asked for that was given and could not be read.
        let unread = faults
            .iter()
            .filter(|(_, path, _)| !path.is_empty())
            .map(|(_, path, _)| Problem::new(ProblemCode::WrongType, [""; 0]).at(path.as_str(), &Text::default()));
        let mut received = Received::new(answers, unread.collect(), Door::Spreadsheet, received_at);
        received.unasked = self.options.unasked;
        let processed = process(received, version.reads.environment);
        let mut findings: Vec<Finding> = Vec::new();
        for (at, _, fault) in &faults {
            findings.push(fault.at(at.clone(), language));
        }
        for problem in processed.findings() {
            if !faults.iter().any(|(_, path, _)| *path == problem.path) {
                let at = places.place_of(&problem.path, &processed.answers);
                findings.push(Fault::from(problem.clone()).at(at, language));
            }
        }
        let sound = !findings.iter().any(|finding| finding.severity == Severity::Problem);
        let may_be_here = given_id.is_some() && faults.is_empty();
        let made = || format!("uuid:{}", uuid::Builder::from_custom_bytes(digest).into_uuid());
        let files = match &origin {
            Some(_) => files::named(&processed.answers, &places),
            None => Vec::new(),
        };
        let accepted = (sound || may_be_here).then(|| Accepted {
            sound,
            files,
            at: at.clone(),
            instance_id: given_id.clone().unwrap_or_else(made),
            origin,
            rows: rows.clone(),
            processed,
        });
        let kept = accepted.and_then(self.keep);
        if !sound && kept.is_some() {
            findings.clear();
        }
        Checked {
            at,
            key,
            digest,
            given_id,
            rows,
            findings,
            opaque_version: None,
            kept,
        }
    }
}

/// The next blocks of rows: waits for one, and takes the others that are there.
fn next_blocks(
    receiver: &Receiver<Result<RowBatch, ReadError>>,
    most: usize,
) -> Result<Option<Vec<RowBatch>>, ReadError> {
    let Ok(first) = receiver.recv() else { return Ok(None) };
    let mut blocks = vec![first?];
    while blocks.len() < most
        && let Ok(block) = receiver.try_recv()
    {
        blocks.push(block?);
    }
    Ok(Some(blocks))
}

/// The rows that were read already.
struct Seen<T> {
    accepted: Vec<(Option<String>, T)>,
    digests: HashMap<[u8; 16], (Arc<str>, u32)>,
    /// The instance IDs that rows came with.
    ids: HashMap<String, ([u8; 16], Address)>,
    keys: HashMap<String, Address>,
    /// Keys that more than one row has.
    twice: HashSet<Option<String>>,
    /// Whether it was said that versions are the server's own: that is so of all rows.
    opaque_versions: bool,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            accepted: Vec::new(),
            digests: HashMap::new(),
            ids: HashMap::new(),
            keys: HashMap::new(),
            twice: HashSet::new(),
            opaque_versions: false,
        }
    }
}

impl<T> Seen<T> {
    /// Whether a record was read already. Of what came with an instance ID, that says what is the same; two
    /// interviews may well have the same answers.
    fn before(&self, checked: &Checked<T>) -> Option<Fault> {
        let same = |first: &Address| {
            let first = first.to_string();
            Fault::from(SheetFault::SameAnswers { first })
        };
        if let Some(id) = &checked.given_id {
            let (digest, first) = self.ids.get(id)?;
            let other = || ExportFault::InstanceTwice {
                first: first.to_string(),
            };
            return Some(if *digest == checked.digest {
                same(first)
            } else {
                other().into()
            });
        }
        let (sheet, row) = self.digests.get(&checked.digest)?;
        let first = Address {
            sheet: sheet.clone(),
            row: *row,
            column: checked.at.column,
        };
        Some(same(&first))
    }
}

impl<T> ImportPlan<T> {
    /// Puts the findings in the order of the workbook.
    pub fn sort_findings(&mut self, head: &Head) {
        let sheets = head.answer_sheets();
        let order: HashMap<&str, usize> = sheets.iter().map(|sheet| (&*sheet.name, sheet.index)).collect();
        self.findings.sort_by_key(|finding| {
            let sheet = order.get(&*finding.at.sheet).copied();
            (sheet, finding.at.row, finding.at.column)
        });
    }

    /// Takes what became of a record into account.
    fn take(&mut self, mut checked: Checked<T>, sheet: &Sheet, seen: &mut Seen<T>, options: &ImportOptions) {
        self.organisations += 1;
        let language = &options.language;
        if let Some(key) = &checked.key {
            if let Some(first) = seen.keys.get(key) {
                let fault = Fault::from(SheetFault::KeyTwice {
                    key: key.clone(),
                    first: first.to_string(),
                });
                checked.findings.push(fault.at(checked.at.clone(), language));
                checked.kept = None;
                // Whose the entries are is not known of the first row either.
                seen.twice.insert(Some(key.clone()));
                self.rejected.insert((sheet.index, first.row));
            } else {
                seen.keys.insert(key.clone(), checked.at.clone());
            }
        }
        if let Some((at, fault)) = checked.opaque_version.take().filter(|_| !seen.opaque_versions) {
            seen.opaque_versions = true;
            self.find(Fault::from(fault).at(at, language), options.most_findings);
        }
        let before = seen.before(&checked);
        if let Some(fault) = &before {
            checked.findings.push(fault.at(checked.at.clone(), language));
            if fault.severity() == Severity::Problem {
                checked.kept = None;
            }
        }
        match checked.kept {
            None => {
                self.rejected.insert((sheet.index, checked.at.row));
                self.rejected_entries.extend(checked.rows);
            }
            Some(_) if before.is_some() => {}
            Some(kept) => {
                match checked.given_id {
                    Some(id) => {
                        seen.ids.insert(id, (checked.digest, checked.at));
                    }
                    None => {
                        seen.digests.insert(checked.digest, (checked.at.sheet, checked.at.row));
                    }
                }
                seen.accepted.push((checked.key, kept));
            }
        }
        for finding in checked.findings {
            self.find(finding, options.most_findings);
        }
    }
}

/// What the content of a response amounts to: survey, version, round, and every answer as it was received.
fn digest(form: &Form, round: Option<&str>, answers: &Answers) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(form.survey());
    part(form.version());
    part(round.unwrap_or_default());
    let mut answer = |instance: InstanceId, question: ElementId| {
        let said = match answers.received(instance, question) {
            Answer::Answered(value) => value.to_text(),
            Answer::Missing(code) => code.code().into(),
            Answer::Unanswered | Answer::NotAsked => return,
        };
        if instance == InstanceId::ROOT {
            part(form.path(question));
        } else {
            part(&answers.path(instance, question));
        }
        part(&said);
    };
    for (element, _) in form.questions() {
        if form.repeat_around(element.id).is_none() {
            answer(InstanceId::ROOT, element.id);
        } else {
            for instance in answers.instances_of(element.id) {
                answer(instance, element.id);
            }
        }
    }
    let whole: [u8; 32] = hash.finalize().into();
    let (half, _) = whole.split_at(16);
    half.try_into().unwrap_or_default()
}
