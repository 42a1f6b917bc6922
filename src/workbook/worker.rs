//! The process that reads a stranger's workbook, and the one that asks it.
//!
//! Parsers of workbooks have bugs, and a file can be made to find them. So the program starts itself a second time
//! with limits on memory and computing time, which the operating system enforces, and the parsing happens there. If
//! it is killed, the asking process gets a clear error and goes on.
//!
//! The conversation: the asked process writes the lists of sheets and of files beside them; then for each line
//! `read SHEET ROWS` on its input it writes blocks of rows and an end mark, for each `unpack FILE BYTES` pieces of that
//! file and an end mark. Everything it writes is one letter, a length, and that many bytes.

use std::fmt;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};

use super::batch::RowBatch;
use super::error::ReadError;
use super::limits::Limits;
use super::reader::{self, SheetInfo, Table};

/// The hidden subcommand that [`serve`] answers.
pub const SUBCOMMAND: &str = "read-workbook";

const OPENED: u8 = b'S';
const ROWS: u8 = b'R';
const PIECE: u8 = b'P';
const END: u8 = b'E';
const FAILED: u8 = b'X';

/// What the asked process says of a workbook that it has opened.
#[derive(Serialize, Deserialize)]
struct Opened {
    sheets: Vec<SheetInfo>,
    attached: Vec<String>,
}

/// How to start the reading process: a program that answers the subcommand [`SUBCOMMAND`], and the limits.
#[derive(Debug, Clone)]
pub struct Worker {
    program: PathBuf,
    limits: Limits,
    /// Whether small workbooks are read without it.
    for_command: bool,
}

impl Worker {
    /// A reading process of the running program itself.
    pub fn of_this_program(limits: Limits) -> Result<Self, ReadError> {
        let program = std::env::current_exe().map_err(|error| ReadError::Process {
            message: error.to_string(),
        })?;
        Ok(Self::of(program, limits))
    }

    /// The same for a command that reads a file of whoever runs it, and does nothing else: to start a process takes as long as
    /// to read a small workbook, so it reads such a one itself.
    #[must_use]
    pub fn for_command(self) -> Self {
        Self {
            for_command: true,
            ..self
        }
    }

    /// A reading process of another program, for tests and for programs that embed this library.
    pub fn of(program: impl Into<PathBuf>, limits: Limits) -> Self {
        Self {
            program: program.into(),
            limits,
            for_command: false,
        }
    }

    /// All rows of the chosen sheets of a workbook, whatever its name says that it is; of the others the names. What
    /// `chosen` is given are all sheets, and one of them.
    pub fn tables(
        &self,
        path: &Path,
        chosen: impl Fn(&[SheetInfo], &SheetInfo) -> bool,
    ) -> Result<Vec<Table>, ReadError> {
        if self.for_command
            && let Some(tables) = reader::small_tables(path, self.limits, &chosen)
        {
            return Ok(tables);
        }
        let mut workbook = self.open(path)?;
        reader::tables(&workbook.sheets.clone(), chosen, |number| {
            workbook.read(number, None)?.collect()
        })
    }

    /// Opens a workbook, whatever its name says that it is.
    pub fn open(&self, path: &Path) -> Result<Workbook, ReadError> {
        let failed = |error: &dyn fmt::Display| ReadError::Process {
            message: error.to_string(),
        };
        let limits = serde_json::to_string(&self.limits).map_err(|error| failed(&error))?;
        let mut process = Command::new(&self.program)
            .arg(SUBCOMMAND)
            .arg("--limits")
            .arg(limits)
            .arg("--")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(&error))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(&"it has no pipes"));
        };
        let answers = BufReader::with_capacity(1 << 20, answers);
        let mut workbook = Workbook {
            process,
            requests,
            answers,
            limits: self.limits,
            sheets: Vec::new(),
            attached: Vec::new(),
        };
        match workbook.answer()? {
            (OPENED, bytes) => {
                let opened: Opened = serde_json::from_slice(&bytes).map_err(|error| failed(&error))?;
                (workbook.sheets, workbook.attached) = (opened.sheets, opened.attached);
            }
            (kind, _) => return Err(failed(&format!("it said {kind} where sheets were due"))),
        }
        Ok(workbook)
    }
}

/// A workbook that is open in its reading process. Dropping it ends that process.
#[derive(Debug)]
pub struct Workbook {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    limits: Limits,
    sheets: Vec<SheetInfo>,
    attached: Vec<String>,
}

impl Workbook {
    /// The sheets, in the order of the workbook.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// The names of the files that lie beside the tables of a zip or a folder (in `media/`), in their order there.
    pub fn attached(&self) -> &[String] {
        &self.attached
    }

    /// What a file beside the tables holds, in pieces, and no more than a byte over a limit. It must be read to its end.
    pub fn unpack(&mut self, file: usize, limit: u64) -> Result<Pieces<'_>, ReadError> {
        self.ask(&format!("unpack {file} {limit}\n"))?;
        Ok(Pieces(Answers::of(self, PIECE)))
    }

    /// The rows of a sheet in blocks, all of them or the first ones only. It must be read to its end.
    pub fn read(&mut self, sheet: usize, first_rows: Option<u32>) -> Result<Batches<'_>, ReadError> {
        self.ask(&format!("read {sheet} {}\n", first_rows.unwrap_or(u32::MAX)))?;
        Ok(Batches(Answers::of(self, ROWS)))
    }

    fn ask(&mut self, request: &str) -> Result<(), ReadError> {
        let asked = self
            .requests
            .write_all(request.as_bytes())
            .and_then(|()| self.requests.flush());
        asked.map_err(|_| self.why_it_ended())
    }

    fn answer(&mut self) -> Result<(u8, Vec<u8>), ReadError> {
        let mut head = [0; 5];
        let mut bytes = Vec::new();
        let received = self.answers.read_exact(&mut head).and_then(|()| {
            let [_, length @ ..] = head;
            bytes.resize(u32::from_le_bytes(length) as usize, 0);
            self.answers.read_exact(&mut bytes)
        });
        if received.is_err() {
            return Err(self.why_it_ended());
        }
        let [kind, ..] = head;
        if kind == FAILED {
            let error = serde_json::from_slice(&bytes);
            return Err(error.unwrap_or_else(|error| ReadError::Process {
                message: error.to_string(),
            }));
        }
        Ok((kind, bytes))
    }

    /// The reading process is gone: was it killed by a limit?
    fn why_it_ended(&mut self) -> ReadError {
        match self.process.wait() {
            Err(error) => ReadError::Process {
                message: error.to_string(),
            },
            Ok(status) => explain(status, &self.limits),
        }
    }
}

impl Drop for Workbook {
    fn drop(&mut self) {
        // Both fail only where the process is gone already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Why a process of this status ended. A panic exits with 101, a failed allocation aborts.
fn explain(status: ExitStatus, limits: &Limits) -> ReadError {
    const PANICKED: i32 = 101;
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        const ABORTED: i32 = 6;
        const KILLED: i32 = 9;
        const OUT_OF_CPU_TIME: i32 = 24;
        match status.signal() {
            Some(OUT_OF_CPU_TIME) => {
                return ReadError::OutOfTime {
                    seconds: limits.seconds,
                };
            }
            Some(ABORTED | KILLED) => {
                return ReadError::OutOfMemory {
                    megabytes: limits.memory_bytes >> 20,
                };
            }
            _ => (),
        }
    }
    match status.code() {
        Some(PANICKED) => ReadError::damaged("its parts contradict each other"),
        _ => ReadError::Process {
            message: status.to_string(),
        },
    }
}

/// The blocks of rows of one sheet.
#[derive(Debug)]
pub struct Batches<'a>(Answers<'a>);

impl Iterator for Batches<'_> {
    type Item = Result<RowBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|answer| answer.map(RowBatch::from_bytes))
    }
}

/// The pieces of a file.
#[derive(Debug)]
pub struct Pieces<'a>(Answers<'a>);

impl Iterator for Pieces<'_> {
    type Item = Result<Vec<u8>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// What is answered to one request, until its end mark.
#[derive(Debug)]
struct Answers<'a> {
    workbook: &'a mut Workbook,
    due: u8,
    done: bool,
}

impl<'a> Answers<'a> {
    fn of(workbook: &'a mut Workbook, due: u8) -> Self {
        Self {
            workbook,
            due,
            done: false,
        }
    }
}

impl Iterator for Answers<'_> {
    type Item = Result<Vec<u8>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.workbook.answer() {
            Ok((kind, bytes)) if kind == self.due => Some(Ok(bytes)),
            Ok((END, _)) => {
                self.done = true;
                None
            }
            Ok((kind, _)) => {
                self.done = true;
                let due = self.due;
                Some(Err(ReadError::Process {
                    message: format!("it said {kind} where {due} was due"),
                }))
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

/// The reading process itself: limits its own resources, then answers until its input ends.
///
/// An error of the workbook is an answer; the error returned here is one of the pipes.
pub fn serve(path: &Path, limits: Limits) -> io::Result<()> {
    limit_this_process(&limits)?;
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut workbook = match reader::Workbook::open(path, limits) {
        Ok(workbook) => workbook,
        Err(error) => return send(&mut out, FAILED, &serde_json::to_vec(&error)?),
    };
    let opened = Opened {
        sheets: workbook.sheets().to_vec(),
        attached: workbook.attached(),
    };
    send(&mut out, OPENED, &serde_json::to_vec(&opened)?)?;
    for request in io::stdin().lock().lines() {
        match Request::of(&request?)? {
            Request::Read { sheet, first_rows } => {
                let read = workbook.read(sheet, first_rows, &mut |bytes| hand_on(&mut out, ROWS, bytes));
                match read {
                    Ok(()) => send(&mut out, END, &[])?,
                    Err(error) => return send(&mut out, FAILED, &serde_json::to_vec(&error)?),
                }
            }
            // One file that is damaged says nothing of the others.
            Request::Unpack { file, limit } => {
                let unpacked = workbook.unpack(file, limit, &mut |bytes| hand_on(&mut out, PIECE, bytes));
                match unpacked {
                    Ok(()) => send(&mut out, END, &[])?,
                    Err(error) => send(&mut out, FAILED, &serde_json::to_vec(&error)?)?,
                }
            }
        }
    }
    Ok(())
}

/// A line of the asking process.
enum Request {
    Read { sheet: usize, first_rows: Option<u32> },
    Unpack { file: usize, limit: u64 },
}

impl Request {
    fn of(line: &str) -> io::Result<Self> {
        let unknown = || io::Error::new(io::ErrorKind::InvalidInput, line);
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[act, which, most] = words.as_slice() else {
            return Err(unknown());
        };
        let (Ok(which), Ok(most)) = (which.parse(), most.parse::<u64>()) else {
            return Err(unknown());
        };
        match act {
            "read" => Ok(Self::Read {
                sheet: which,
                first_rows: u32::try_from(most).ok().filter(|rows| *rows != u32::MAX),
            }),
            "unpack" => Ok(Self::Unpack {
                file: which,
                limit: most,
            }),
            _ => Err(unknown()),
        }
    }
}

fn hand_on(out: &mut impl Write, kind: u8, bytes: &[u8]) -> Result<(), ReadError> {
    frame(out, kind, bytes).map_err(|error| ReadError::Process {
        message: error.to_string(),
    })
}

fn send(out: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    frame(out, kind, bytes)?;
    out.flush()
}

fn frame(out: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    out.write_all(&[kind])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

#[cfg(unix)]
fn limit_this_process(limits: &Limits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |limit: u64| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    setrlimit(Resource::Core, at_most(0))?;
    setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(limits.seconds),
            maximum: Some(limits.seconds + 1),
        },
    )?;
    setrlimit(Resource::Data, at_most(limits.memory_bytes))?;
    // The address space as well, for systems that count no data; the program's own code and stacks need room in it.
    setrlimit(Resource::As, at_most(limits.memory_bytes + (512 << 20)))?;
    Ok(())
}

#[cfg(not(unix))]
fn limit_this_process(_limits: &Limits) -> io::Result<()> {
    Ok(())
}
