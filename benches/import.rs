//! Importing a large workbook, against calamine reading its cells alone in the same run.
//!
//! Not divan: one run takes seconds, and what counts is the ratio of the two and the memory.

#![allow(clippy::unwrap_used, reason = "a bench of what can't be read is no bench")]

use std::fmt::Write;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use calamine::{Reader, Xlsx};
use chrono::DateTime;
use innogauge::definition::Definition;
use innogauge::expression::WallClock;
use innogauge::response::Form;
use innogauge::spreadsheet::{Head, ImportOptions, Limits, ReadAs, Worker, plan};

const ROWS: u32 = 100_000;
const COLUMNS: u16 = 60;
const RUNS: usize = 3;

/// 60 questions, 20 of them with a rule.
fn form() -> Arc<Form> {
    let mut text = String::from(
        "survey: bench\nversion: \"1\"\ntitle: {zh: 调查, en: Survey}\nlanguages: [zh, en]\nchoices:\n  yes_no: {1: {zh: 是, en: \"Yes\"}, 0: {zh: 否, en: \"No\"}}\nquestions:\n",
    );
    for question in 0..COLUMNS {
        let (kind, rule) = match question % 6 {
            0 => ("select_one yes_no", ", required: true".to_owned()),
            1 => ("text", String::new()),
            2 => ("decimal", ", constraint: . >= 0".to_owned()),
            3 => (
                "integer",
                format!(
                    ", constraint: \". >= 0 and (${{q{}}} = '' or . <= ${{q{}}})\"",
                    question - 1,
                    question - 1
                ),
            ),
            _ => ("decimal", String::new()),
        };
        writeln!(
            text,
            "- {{type: {kind}, name: q{question}, label: {{zh: 问题, en: Question}}{rule}}}"
        )
        .unwrap();
    }
    Form::new(
        Definition::from_yaml("bench.yaml", &text)
            .unwrap_or_else(|found| unreadable(&found))
            .value,
    )
}

fn unreadable(found: &[innogauge::definition::Diagnostic]) -> ! {
    for diagnostic in found {
        eprintln!("{diagnostic}");
    }
    std::process::exit(1)
}

fn write_workbook(path: &Path) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().unwrap();
    sheet.write_string(0, 0, "innogauge:bench:1:rows").unwrap();
    for column in 0..COLUMNS {
        sheet.write_string(0, column + 1, format!("q{column}")).unwrap();
    }
    for row in 1..=ROWS {
        sheet.write_number(row, 0, row).unwrap();
        for column in 0..COLUMNS {
            let number = f64::from(row % 1_000) + 10.5 * f64::from(column);
            match column % 6 {
                0 => sheet
                    .write_string(row, column + 1, if row % 3 == 0 { "否" } else { "是" })
                    .unwrap(),
                1 => sheet
                    .write_string(row, column + 1, format!("企业 {row}-{column}"))
                    .unwrap(),
                3 => sheet.write_number(row, column + 1, row % 10).unwrap(),
                _ => sheet.write_number(row, column + 1, number).unwrap(),
            };
        }
    }
    workbook.save(path).unwrap();
}

fn cells_alone(path: &Path) -> usize {
    let mut workbook: Xlsx<_> = Xlsx::new(BufReader::new(File::open(path).unwrap())).unwrap();
    let mut cells = workbook.worksheet_cells_reader("Sheet1").unwrap();
    let mut count = 0;
    while let Some(cell) = cells.next_cell().unwrap() {
        std::hint::black_box(cell);
        count += 1;
    }
    count
}

fn import(path: &Path, form: &Arc<Form>) -> usize {
    let worker = Worker::of(env!("CARGO_BIN_EXE_innogauge"), Limits::default());
    let mut workbook = worker.open(path).unwrap();
    let head = Head::read(&mut workbook).unwrap();
    let at = DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap();
    let options = ImportOptions::new("zh", at);
    let keep = |accepted: innogauge::spreadsheet::Accepted| Some(accepted.instance_id);
    let read_as = ReadAs {
        form,
        environment: &WallClock,
    };
    let plan = plan(&mut workbook, &head, &[read_as], &options, &keep, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert!(plan.is_sound(), "{:?}", plan.findings.first());
    plan.accepted.len()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The most memory that this process has held, as Linux counts it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xlsx");
    write_workbook(&path);
    let form = form();
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    // In turns, so that what else the machine does falls on both.
    for _ in 0..RUNS {
        let start = Instant::now();
        let cells = cells_alone(&path);
        alone.push(start.elapsed());
        let start = Instant::now();
        let rows = import(&path, &form);
        whole.push(start.elapsed());
        println!(
            "{cells} cells, {rows} rows: {:?} alone, {:?} imported",
            alone.last(),
            whole.last()
        );
    }
    let (alone, whole) = (median(alone), median(whole));
    println!("{ROWS} rows x {COLUMNS} columns");
    println!("cells alone, calamine:   {:.2} s", alone.as_secs_f64());
    println!(
        "read, checked, planned:  {:.2} s, {:.2} times as long",
        whole.as_secs_f64(),
        whole.as_secs_f64() / alone.as_secs_f64()
    );
    println!("peak memory of this process: {}", peak_memory());
}
