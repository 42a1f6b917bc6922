//! Workbooks of strangers: every format reads the same, and a hostile file costs an error message and nothing else.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use innogauge::spreadsheet::{Limits, ReadError, Worker};
use innogauge::workbook::Stranger;
use zip::write::SimpleFileOptions;

/// The reading process of the program under test.
pub fn worker(limits: Limits) -> Worker {
    Worker::of(env!("CARGO_BIN_EXE_innogauge"), limits)
}

/// A zip of these parts.
fn zip(path: &Path, parts: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

/// An .xlsx whose only sheet has this data, with these shared strings.
fn xlsx(path: &Path, sheet_data: &str, shared_strings: &[u8]) {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let workbook = format!(
        r#"<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let rels = format!(
        r#"<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let root = format!(
        r#"<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{sheet_data}</sheetData></worksheet>"#);
    zip(
        path,
        &[
            ("_rels/.rels", root.as_bytes()),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", rels.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
            ("xl/sharedStrings.xml", shared_strings),
        ],
    );
}

/// An .ods whose only sheet has these rows.
fn ods(path: &Path, rows: &str) {
    let name = "urn:oasis:names:tc:opendocument:xmlns";
    let content = format!(
        r#"<office:document-content xmlns:office="{name}:office:1.0" xmlns:table="{name}:table:1.0" xmlns:text="{name}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    zip(
        path,
        &[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", content.as_bytes()),
        ],
    );
}

/// Reads all cells of all sheets, or says why not.
fn read(path: &Path, limits: Limits) -> Result<Vec<String>, ReadError> {
    let mut workbook = worker(limits).open(path)?;
    let mut cells = Vec::new();
    for sheet in 0..workbook.sheets().len() {
        for batch in workbook.read(sheet, None)? {
            for row in batch?.rows() {
                let row = row?;
                cells.extend(
                    row.cells
                        .iter()
                        .map(|cell| format!("{}:{}={}", row.number, cell.column, cell.value)),
                );
            }
        }
    }
    Ok(cells)
}

/// Reads a hostile file, which must not take long.
fn refusal(path: &Path, limits: Limits) -> ReadError {
    let start = Instant::now();
    let refusal = read(path, limits).unwrap_err();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{refusal} took {:?}",
        start.elapsed()
    );
    refusal
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[test]
fn a_cell_in_the_last_corner_of_excel_is_refused_and_not_allocated() {
    let folder = folder();
    let path = file(&folder, "corner.xlsx");
    xlsx(
        &path,
        r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#,
        b"<sst/>",
    );
    let refusal = refusal(&path, Limits::default());
    assert!(matches!(refusal, ReadError::TooLarge { .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("Sheet1!XFD1048576"), "{refusal}");
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_unpacks_to() {
    let folder = folder();
    let path = file(&folder, "bomb.xlsx");
    let limits = Limits {
        unpacked_bytes: 8 << 20,
        ..Limits::default()
    };
    xlsx(&path, "", &vec![b' '; 16 << 20]);
    let declared = fs::read(&path).unwrap();
    assert!(matches!(refusal(&path, limits), ReadError::TooLarge { .. }));

    // The same file with its declared sizes made small: what counts is what really comes out.
    let size = u32::to_le_bytes(16 << 20);
    let mut lying = declared;
    while let Some(at) = lying.windows(4).position(|bytes| bytes == size) {
        lying[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    fs::write(&path, lying).unwrap();
    assert!(matches!(
        refusal(&path, limits),
        ReadError::TooLarge { .. } | ReadError::Damaged { .. }
    ));
}

#[test]
fn a_sheet_that_unpacks_to_too_much_is_refused_while_it_is_read() {
    let folder = folder();
    let path = file(&folder, "blank.xlsx");
    xlsx(&path, &" ".repeat(16 << 20), b"<sst/>");
    let mut lying = fs::read(&path).unwrap();
    let limits = Limits {
        unpacked_bytes: 8 << 20,
        ..Limits::default()
    };
    assert!(matches!(refusal(&path, limits), ReadError::TooLarge { .. }));
    // No size that a file declares gives it more room.
    lying.truncate(lying.len() / 2);
    fs::write(&path, lying).unwrap();
    assert!(matches!(refusal(&path, limits), ReadError::Damaged { .. }));
}

#[test]
fn repeats_of_open_document_cost_nothing_until_they_pass_the_limits() {
    let folder = folder();
    let path = file(&folder, "repeats.ods");
    let row = r#"<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>"#;
    ods(&path, row);
    assert!(matches!(refusal(&path, Limits::default()), ReadError::TooLarge { .. }));
    ods(
        &path,
        &row.replace(r#" office:value-type="float" office:value="1""#, "")
            .repeat(1000),
    );
    assert_eq!(read(&path, Limits::default()), Ok(vec![]));
    let billions = row.replace("1048576", "4294967295").replace("16384", "4294967295");
    ods(&path, &billions.repeat(3));
    assert!(matches!(refusal(&path, Limits::default()), ReadError::TooLarge { .. }));
}

#[test]
fn memory_and_computing_time_of_the_reading_process_are_limited_by_the_system() {
    let folder = folder();
    let path = file(&folder, "strings.xlsx");
    let strings = format!("<sst>{}</sst>", "<si><t>a</t></si>".repeat(1_500_000));
    xlsx(&path, "", strings.as_bytes());
    let little = Limits {
        memory_bytes: 48 << 20,
        ..Limits::default()
    };
    assert_eq!(refusal(&path, little), ReadError::OutOfMemory { megabytes: 48 });
    let short = Limits {
        seconds: 0,
        ..Limits::default()
    };
    let refusal = refusal(&path, short);
    assert!(
        matches!(refusal, ReadError::OutOfTime { .. } | ReadError::OutOfMemory { .. }),
        "{refusal:?}"
    );
}

#[test]
fn files_that_are_no_workbooks_are_refused_in_plain_words() {
    let folder = folder();
    let refused = |name: &str, content: &[u8]| {
        let path = file(&folder, name);
        fs::write(&path, content).unwrap();
        refusal(&path, Limits::default())
    };
    assert_eq!(
        refused("a.xls", b"\r\n<html><body><table><tr><td>1</td></tr></table>"),
        ReadError::WebPage
    );
    let pdf = refused("a.xlsx", b"%PDF-1.7");
    assert_eq!(
        [pdf.message("zh"), pdf.message("en")],
        [
            "这不是工作簿（.xlsx、.xls、.ods）或文本表格（.csv），类型为：PDF 文档。",
            "this is a PDF document, not a workbook (.xlsx, .xls, .ods) or a table of text (.csv)"
        ]
    );
    assert!(matches!(
        refused("b.xlsx", b"PK\x03\x04broken"),
        ReadError::Damaged { .. }
    ));
    assert!(matches!(
        refused("c.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1broken"),
        ReadError::Damaged { .. }
    ));
    assert_eq!(refused("empty.csv", b""), ReadError::NotAWorkbook(Stranger::Empty));
    let cut = refused("cut.csv", b"\xEF\xBB\xBFname\nA\nB\xFF\n");
    assert_eq!(
        [cut.message("zh"), cut.message("en")],
        [
            "第 3 行含有不属于 UTF-8 编码文字的字节，请将文件另存为 UTF-8 编码。",
            "line 3 holds bytes that are not text in UTF-8; save the file as UTF-8"
        ]
    );
    let path = file(&folder, "a.docx");
    zip(&path, &[("word/document.xml", b"<w/>")]);
    assert_eq!(
        refusal(&path, Limits::default()),
        ReadError::NotAWorkbook(Stranger::Docx)
    );
    assert!(matches!(
        refusal(&file(&folder, "none.xlsx"), Limits::default()),
        ReadError::Open { .. }
    ));
}

#[test]
fn a_name_does_not_decide_the_format() {
    let folder = folder();
    let path = file(&folder, "tabs.xls");
    fs::write(&path, "名称\t数\nA\t1\n").unwrap();
    assert_eq!(
        read(&path, Limits::default()).unwrap(),
        ["0:0=名称", "0:1=数", "1:0=A", "1:1=1"]
    );
    let path = file(&folder, "zipped.csv");
    xlsx(
        &path,
        r#"<row r="3"><c r="B3" t="inlineStr"><is><t>x</t></is></c><c r="D3"><v>1.5</v></c></row>"#,
        b"<sst/>",
    );
    assert_eq!(read(&path, Limits::default()).unwrap(), ["2:1=x", "2:3=1.5"]);
}

#[test]
fn open_document_values_keep_their_addresses_and_types() {
    let folder = folder();
    let path = file(&folder, "values.ods");
    ods(
        &path,
        r#"<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
        <table:table-row><table:table-cell table:number-columns-repeated="2"/>
          <table:table-cell office:value-type="string"><office:annotation><text:p>a comment</text:p></office:annotation><text:p>A &amp;<text:s text:c="2"/>B</text:p><text:p>C</text:p></table:table-cell>
          <table:table-cell office:value-type="date" office:date-value="2024-03-15"><text:p>15.03.24</text:p></table:table-cell>
          <table:table-cell office:value-type="percentage" office:value="0.125"><text:p>13 %</text:p></table:table-cell>
          <table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell>
          <table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>
        </table:table-row>"#,
    );
    let cells = read(&path, Limits::default()).unwrap();
    assert_eq!(
        cells,
        [
            "2:2=A &  B\nC",
            "2:3=2024-03-15",
            "2:4=12.5%",
            "2:5=TRUE",
            "2:6=7",
            "2:7=7"
        ]
    );
}

#[test]
fn a_folder_is_read_as_a_zip_of_its_tables_and_of_the_files_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let (packed, unpacked) = (folder.path().join("export.zip"), folder.path().join("export"));
    let parts: [(&str, &[u8]); 4] = [
        ("firms-products.csv", "产品,KEY\n木材,1\n".as_bytes()),
        ("firms.csv", b"a,b\n1,2\n"),
        ("media/1.jpg", b"\xFF\xD8\xFF"),
        ("media/table.csv", b"x,y\n"),
    ];
    zip(&packed, &parts);
    let opened = fs::File::open(&packed).unwrap();
    zip::ZipArchive::new(opened).unwrap().extract(&unpacked).unwrap();
    // What is none of it is left alone.
    fs::create_dir(unpacked.join("older")).unwrap();
    for other in [".firms.csv", "notes.txt", "media/.DS_Store", "older/firms.csv"] {
        fs::write(unpacked.join(other), b"a,b\n3,4\n").unwrap();
    }
    let read = |path: &Path| {
        let mut workbook = worker(Limits::default()).open(path).unwrap();
        let sheets = workbook.sheets().to_vec();
        let rows: Vec<_> = (0..sheets.len())
            .map(|sheet| format!("{:?}", workbook.read(sheet, None).unwrap().collect::<Vec<_>>()))
            .collect();
        let files = workbook.attached().to_vec();
        let contents: Vec<_> = (0..files.len())
            .map(|file| format!("{:?}", workbook.unpack(file, 100).unwrap().collect::<Vec<_>>()))
            .collect();
        (sheets, rows, files, contents)
    };
    assert_eq!(read(&unpacked), read(&packed));

    let refused = worker(Limits::default()).open(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("a folder without a table"), "{refused}");
}

#[test]
fn files_beside_the_tables_of_a_zip_are_unpacked_one_by_one_and_as_far_as_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    let names: Vec<String> = (0..2_500).map(|number| format!("media/{number}.jpg")).collect();
    let large = vec![7; 600_000];
    let mut parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"small".as_slice())).collect();
    parts.extend([("firms.csv", b"a,b\n1,2\n".as_slice()), ("media/large.jpg", &large)]);
    zip(&path, &parts);

    // They do not count as parts of the workbook, of which there may be 2,000.
    let mut workbook = worker(Limits::default()).open(&path).unwrap();
    assert_eq!((workbook.sheets().len(), workbook.attached().len()), (1, 2_501));
    let mut unpacked = |file: usize, limit: u64| -> Vec<u8> {
        let pieces: Result<Vec<Vec<u8>>, ReadError> = workbook.unpack(file, limit).unwrap().collect();
        pieces.unwrap().concat()
    };
    assert_eq!(unpacked(2_500, 1_000_000), large);
    assert_eq!(
        unpacked(2_500, 1_000).len(),
        1_001,
        "a byte more tells that it is too large"
    );
    assert_eq!(unpacked(7, 1_000), b"small");
    assert!(workbook.unpack(9_999, 10).unwrap().any(|piece| piece.is_err()));
    assert_eq!(
        workbook.read(0, None).unwrap().count(),
        1,
        "and the tables are read after that"
    );

    let limits = Limits {
        attached: 2_500,
        ..Limits::default()
    };
    let refused = worker(limits).open(&path).unwrap_err().to_string();
    assert!(
        refused.contains("files beside the tables above the limit of 2500"),
        "{refused}"
    );
}
