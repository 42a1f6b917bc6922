//! The workbook of the demonstration as it is read on paper: nothing that a table says is cut off by its column or its row.

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use roxmltree::{Document, Node};
use zip::ZipArchive;

/// The places that words take: those of Chinese take two.
fn places(line: &str) -> f64 {
    line.chars()
        .map(|letter| if letter.is_ascii() { 1.0 } else { 2.0 })
        .sum()
}

fn part(archive: &mut ZipArchive<File>, name: &str) -> String {
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn children<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |node| node.has_tag_name((NAMESPACE, name)))
}

const NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// What a cell format says of its words: whether they stand in a table, and whether they take several lines.
struct Look {
    in_table: bool,
    wraps: bool,
}

fn looks(styles: &str) -> Vec<Look> {
    let styles = Document::parse(styles).unwrap();
    let formats = children(styles.root(), "cellXfs").next().unwrap();
    children(formats, "xf")
        .map(|format| Look {
            in_table: format.attribute("borderId") != Some("0"),
            wraps: children(format, "alignment").any(|alignment| alignment.attribute("wrapText") == Some("1")),
        })
        .collect()
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .collect()
}

fn number<N: FromStr<Err: Debug>>(node: Node<'_, '_>, attribute: &str) -> Option<N> {
    node.attribute(attribute).map(|value| value.parse().unwrap())
}

#[test]
fn no_words_of_a_table_are_cut_off() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_innogauge"))
        .args(["demo", "--no-serve", "--responses", "120", "--defs"])
        .arg(root.join("survey_defs"))
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let kept = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let mut archive = ZipArchive::new(File::open(kept.path().join("demo.xlsx")).unwrap()).unwrap();

    let looks = looks(&part(&mut archive, "xl/styles.xml"));
    let shared = part(&mut archive, "xl/sharedStrings.xml");
    let shared = Document::parse(&shared).unwrap();
    let shared: Vec<String> = children(shared.root(), "si").map(text).collect();
    let workbook = part(&mut archive, "xl/workbook.xml");
    let workbook = Document::parse(&workbook).unwrap();
    let sheets = children(workbook.root(), "sheet").map(|sheet| sheet.attribute("name").unwrap());
    let mut looked_at = 0;
    for (position, sheet) in sheets.enumerate() {
        let source = part(&mut archive, &format!("xl/worksheets/sheet{}.xml", position + 1));
        let source = Document::parse(&source).unwrap();
        let mut widths: HashMap<u32, f64> = HashMap::new();
        for column in children(source.root(), "col") {
            let (first, last): (u32, u32) = (number(column, "min").unwrap(), number(column, "max").unwrap());
            let width = number(column, "width").unwrap();
            widths.extend((first..=last).map(|column| (column, width)));
        }
        for row in children(source.root(), "row") {
            let height: f64 = number(row, "ht").unwrap_or(15.0);
            for cell in children(row, "c") {
                let words = match cell.attribute("t") {
                    Some("s") => shared[text(cell).parse::<usize>().unwrap()].clone(),
                    Some("inlineStr") => text(cell),
                    _ => continue,
                };
                let look = &looks[number(cell, "s").unwrap_or(0_usize)];
                let at = format!("{sheet}!{}: {words}", cell.attribute("r").unwrap());
                if !look.in_table {
                    assert!(places(&words) <= 200.0, "{at} runs out of the page");
                    continue;
                }
                let width = widths[&column(cell.attribute("r").unwrap())];
                // Tables of answers, named by their surveys, keep one line a row: they are scrolled.
                if sheet.is_ascii() && !look.wraps {
                    continue;
                }
                looked_at += 1;
                // A letter of a proportional font is narrower than the digit that widths are counted in.
                let lines: f64 = words
                    .lines()
                    .map(|line| (0.85 * places(line) / width).ceil().max(1.0))
                    .sum();
                let lines_shown = if look.wraps { (height / 12.0).floor() } else { 1.0 };
                // The heads of answers are whole questions, which stay in view: the sheet of all questions has them in full.
                let highest = if sheet.is_ascii() { 120.0 } else { 408.0 };
                assert!(
                    height >= highest || lines_shown >= lines,
                    "{at} needs {lines} lines of {width}, has {height} points"
                );
            }
        }
    }
    assert!(looked_at > 1_000, "{looked_at} cells are too few to be all of them");
}

/// The number of a cell's column, from 1.
fn column(reference: &str) -> u32 {
    let letters = reference.chars().take_while(char::is_ascii_uppercase);
    letters.fold(0, |number, letter| 26 * number + (letter as u32 - 'A' as u32 + 1))
}
