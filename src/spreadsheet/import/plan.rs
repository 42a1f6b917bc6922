//! The rows of a workbook, read in blocks and checked on all cores, in their order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::definition::{ElementId, Text};
use crate::expression::Environment;
use crate::response::{Answer, Answers, Door, Form, InstanceId, Problem, ProblemCode, Received, Severity, process};

use super::finding::{Fault, Finding, SheetFault};
use super::head::{Head, Questions, Sheet};
use super::record::{self, Entries, Record};
use super::{Accepted, ImportError, ImportOptions, ImportPlan};
use crate::workbook::ReadError;
use crate::workbook::RowBatch;
use crate::workbook::Workbook;
use crate::workbook::{Address, Row};

/// Reads the answers of a workbook and checks them. Nothing is stored.
///
/// Rows are checked on all cores and handed to `keep` there, which makes of each sound one what is worth its memory;
/// `progress` hears how many rows were done, and may end it. What `head` says of survey and version is the caller's to check, who
/// has chosen the form by it.
pub fn plan<T: Send>(
    workbook: &mut Workbook,
    head: &Head,
    form: &Arc<Form>,
    environment: &(dyn Environment + Sync),
    options: &ImportOptions,
    keep: &(dyn Fn(Accepted) -> T + Sync),
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ImportPlan<T>, ImportError> {
    let (sheets, header_findings) = head.sheets(form, &options.language);
    let mut plan = ImportPlan {
        accepted: Vec::new(),
        organisations: 0,
        rejected: BTreeSet::new(),
        rejected_keys: HashSet::new(),
        findings: header_findings,
        findings_left_out: 0,
    };
    // A column that nobody understands may hold what the rows are about: they are not read without it.
    if !plan.findings.is_empty() {
        return Ok(plan);
    }
    let mut batches = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.repeat.is_some()) {
        batches.push((sheet, workbook.read(sheet.index, None)?.collect::<Result<Vec<_>, _>>()?));
    }
    let mains: Vec<&Sheet> = sheets.iter().filter(|sheet| sheet.repeat.is_none()).collect();
    let in_form = mains
        .iter()
        .any(|sheet| matches!(sheet.questions, Questions::InRows { .. }));
    let mut entries = read_entries(&batches, in_form, &mut plan, options)?;
    // Outer repeats first, so that inner entries find theirs.
    entries.sort_by_key(|entries| entries.repeat);
    let reading = Reading {
        form,
        environment,
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
                let record = Record::from_form(form, sheet, &rows, &entries);
                plan.take(reading.check(record, None), sheet, &mut seen, options);
            }
            Questions::InColumns { .. } => reading.read_rows(workbook, sheet, &mut plan, &mut seen, progress)?,
        }
    }
    for entries in &entries {
        for (key, rows) in &entries.rows {
            if !in_form && !seen.keys.contains_key(key) {
                for row in rows {
                    let at = entries.sheet.at(row.number, entries.sheet.key);
                    let fault = Fault::from(SheetFault::UnknownKey { key: key.clone() });
                    plan.rejected.insert((entries.sheet.index, row.number));
                    plan.find(fault.at(at, &options.language), options.most_findings);
                }
            }
        }
    }
    plan.accepted = seen
        .accepted
        .into_iter()
        .filter(|(key, _)| !seen.twice.contains(key))
        .map(|(_, row)| row)
        .collect();
    let order: HashMap<&str, usize> = sheets.iter().map(|sheet| (&*sheet.name, sheet.index)).collect();
    plan.findings.sort_by_key(|finding| {
        (
            order.get(&*finding.at.sheet).copied(),
            finding.at.row,
            finding.at.column,
        )
    });
    Ok(plan)
}

/// The entries of each repeat by the organisation that they belong to.
fn read_entries<'a, T>(
    batches: &'a [(&'a Sheet, Vec<RowBatch>)],
    in_form: bool,
    plan: &mut ImportPlan<T>,
    options: &ImportOptions,
) -> Result<Vec<Entries<'a>>, ImportError> {
    let mut all = Vec::new();
    for (sheet, batches) in batches {
        let Some(repeat) = sheet.repeat else { continue };
        let mut entries = Entries {
            sheet,
            repeat,
            rows: HashMap::new(),
        };
        for row in batches.iter().flat_map(RowBatch::rows) {
            let row = row?;
            if row.number <= sheet.row || !record::is_answered(sheet, &row) {
                continue;
            }
            let key = if in_form {
                Some(String::new())
            } else {
                record::key(sheet, &row)
            };
            if let Some(key) = key {
                entries.rows.entry(key).or_default().push(row);
            } else {
                plan.rejected.insert((sheet.index, row.number));
                let at = sheet.at(row.number, sheet.key);
                plan.find(
                    Fault::from(SheetFault::NoKey).at(at, &options.language),
                    options.most_findings,
                );
            }
        }
        all.push(entries);
    }
    Ok(all)
}

/// What the rows of a workbook have in common while they are read.
struct Reading<'a, T> {
    form: &'a Arc<Form>,
    environment: &'a (dyn Environment + Sync),
    options: &'a ImportOptions,
    keep: &'a (dyn Fn(Accepted) -> T + Sync),
    entries: &'a [Entries<'a>],
}

/// What became of a record.
struct Checked<T> {
    at: Address,
    key: Option<String>,
    digest: [u8; 16],
    findings: Vec<Finding>,
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
            if row.number > sheet.row && record::is_answered(sheet, &row) {
                let record = Record::from_row(self.form, sheet, &row, self.entries);
                let key = (!self.entries.is_empty()).then(|| record::key(sheet, &row)).flatten();
                checked.push(self.check(record, key));
            }
        }
        Ok(checked)
    }

    /// Sends a record through the one way in.
    fn check(&self, record: Record<'_>, key: Option<String>) -> Checked<T> {
        let language = &self.options.language;
        let Record {
            answers,
            faults,
            places,
        } = record;
        let at = places.first();
        let digest = digest(self.form, self.options.round.as_deref(), &answers);
        // So that nothing is asked for that was given and could not be read.
        let unread = faults
            .iter()
            .filter(|(_, path, _)| !path.is_empty())
            .map(|(_, path, _)| Problem::new(ProblemCode::WrongType, [""; 0]).at(path.as_str(), &Text::default()));
        let mut received = Received::new(answers, unread.collect(), Door::Spreadsheet, self.options.at);
        received.unasked = self.options.unasked;
        let processed = process(received, self.environment);
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
        let is_sound = !findings.iter().any(|finding| finding.severity == Severity::Problem);
        let kept = is_sound.then(|| {
            let instance_id = format!("uuid:{}", uuid::Builder::from_custom_bytes(digest).into_uuid());
            (self.keep)(Accepted {
                at: at.clone(),
                instance_id,
                processed,
            })
        });
        Checked {
            at,
            key,
            digest,
            findings,
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
    keys: HashMap<String, Address>,
    /// Keys that more than one row has.
    twice: HashSet<Option<String>>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            accepted: Vec::new(),
            digests: HashMap::new(),
            keys: HashMap::new(),
            twice: HashSet::new(),
        }
    }
}

impl<T> ImportPlan<T> {
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
        match checked.kept {
            None => {
                self.rejected.insert((sheet.index, checked.at.row));
                self.rejected_keys.extend(checked.key);
            }
            Some(kept) => {
                if let Some((sheet, row)) = seen.digests.get(&checked.digest) {
                    let first = Address {
                        sheet: sheet.clone(),
                        row: *row,
                        column: checked.at.column,
                    };
                    let fault = Fault::from(SheetFault::SameAnswers {
                        first: first.to_string(),
                    });
                    checked.findings.push(fault.at(checked.at, language));
                } else {
                    seen.digests.insert(checked.digest, (checked.at.sheet, checked.at.row));
                    seen.accepted.push((checked.key, kept));
                }
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
