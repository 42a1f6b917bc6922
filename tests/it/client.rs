//! A small HTTP client for tests and benches: one kept connection, the bytes under full control.

use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// The code of a problem document.
    pub fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}: {}",
            self.status,
            self.text()
        );
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request under construction.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// One file in a multipart form, as a browser sends it.
    pub fn file(self, name: &str, content: &[u8]) -> Self {
        let mut body = format!(
            "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--limit--\r\n");
        self.body("multipart/form-data; boundary=limit", body)
    }

    /// As it goes over the line.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.method != "GET" || !self.body.is_empty() {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A connection that is kept from one request to the next.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    /// The last answer said that the connection ends with it.
    closing: bool,
}

impl Connection {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
            closing: false,
        })
    }

    /// Sends over the kept connection, or over a new one where the server has said that it ends the old one: it does so
    /// when it answers before it has read the whole request.
    pub fn send(&mut self, request: &Request) -> std::io::Result<Answer> {
        if self.closing {
            *self = Self::open(self.address)?;
        }
        self.write(&request.bytes())?;
        self.read(request.method == "HEAD")
    }

    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub fn read(&mut self, head_only: bool) -> std::io::Result<Answer> {
        let answer = Answer::read(&mut self.stream, head_only)?;
        self.closing = answer
            .header("connection")
            .is_some_and(|what| what.eq_ignore_ascii_case("close"));
        Ok(answer)
    }
}

impl Answer {
    /// Reads an answer of HTTP/1.1 from whatever it comes through.
    pub fn read(from: &mut impl std::io::BufRead, head_only: bool) -> std::io::Result<Self> {
        let cut_off = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(cut_off());
        }
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(cut_off)?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Err(cut_off());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
        };
        if head_only || status == 204 || status == 304 {
            return Ok(answer);
        }
        if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
            answer.body = vec![0; length];
            from.read_exact(&mut answer.body)?;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                line.clear();
                from.read_line(&mut line)?;
                let length = usize::from_str_radix(line.trim(), 16).map_err(|_| cut_off())?;
                let mut chunk = vec![0; length + 2];
                from.read_exact(&mut chunk)?;
                if length == 0 {
                    break;
                }
                answer.body.extend_from_slice(&chunk[..length]);
            }
        } else {
            from.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }
}

/// Sends one request over a connection of its own.
pub fn send(address: SocketAddr, request: &Request) -> Answer {
    Connection::open(address)
        .and_then(|mut connection| connection.send(request))
        .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path))
}
