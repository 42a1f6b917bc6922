//! JavaRosa in a process of its own: one for many interviews.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value as Json;

pub struct JavaRosa {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    log: std::fs::File,
}

/// Where `scripts/odk_validate.sh` puts it.
fn library() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/odk_validate/ODK_Validate.jar");
    assert!(
        path.exists(),
        "{} is not there: run scripts/with_pyxform.sh scripts/odk_validate.sh, as `make test` does",
        path.display()
    );
    path
}

impl JavaRosa {
    pub fn start() -> Self {
        let log = tempfile::tempfile().unwrap();
        let process = Command::new("java")
            .args([
                "-XX:+UseSerialGC",
                "-Xss8m",
                "-Duser.timezone=Asia/Shanghai",
                "-Djava.awt.headless=true",
            ])
            .arg("-cp")
            .arg(library())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/javarosa/Harness.java"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .spawn();
        let mut process = process.unwrap_or_else(|error| {
            panic!("java does not start ({error}): install a JDK (Debian: default-jdk-headless), as `make test` does")
        });
        Self {
            requests: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
            log,
        }
    }

    /// Sends a request; an answer that is an error is a failed test.
    pub fn ask(&mut self, request: &Json) -> Json {
        let answer = self.try_ask(request);
        assert!(answer.get("error").is_none(), "{}", answer["error"]);
        answer
    }

    pub fn try_ask(&mut self, request: &Json) -> Json {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if sent.is_err() || read.is_err() || line.is_empty() {
            let mut log = String::new();
            self.log.rewind().unwrap();
            self.log.read_to_string(&mut log).unwrap();
            panic!("JavaRosa ended: {}", log.chars().take(3_000).collect::<String>());
        }
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for JavaRosa {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
