//! Reading request bodies under limits: size, content type, depth, shape.

use std::io::Read as _;
use std::string::FromUtf8Error;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures_util::future::LocalBoxFuture;
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;

use super::gate;
use super::problem::{Code, Problem};
use super::state::App;

/// A JSON body of a known shape; unlike actix's own it answers with our problems and names line and column.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// The same, with the bytes as they came.
#[derive(Debug)]
pub struct RawJson<T> {
    /// The body, byte for byte.
    pub bytes: Vec<u8>,
    /// What it says.
    pub value: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let RawJson { value, .. } = raw_json(request, payload).await?;
            Ok(Self(value))
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for RawJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(raw_json(request.clone(), payload.take()))
    }
}

async fn raw_json<T: DeserializeOwned>(request: HttpRequest, payload: Payload) -> Result<RawJson<T>, Problem> {
    expect_type(&request, &["application/json"])?;
    let bytes = read(&request, payload).await?;
    let value = parse(&bytes)?;
    Ok(RawJson { bytes, value })
}

/// What is said of text that is no UTF-8.
pub(super) fn not_utf8(error: &FromUtf8Error) -> Problem {
    let at = error.utf8_error().valid_up_to();
    Problem::new(Code::FileInvalid).explain(
        format!("第 {at} 字节起不是 UTF-8 文本。"),
        format!("The text is not UTF-8 from byte {at} on."),
    )
}

/// Parses JSON, telling apart what is no JSON, what is nested too deep, and what has another shape.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let code = match error.classify() {
            serde_json::error::Category::Data => Code::JsonShape,
            _ if text.starts_with("recursion limit exceeded") => Code::JsonTooDeep,
            _ => Code::JsonSyntax,
        };
        Problem::new(code).detail(text)
    })
}

fn expect_type(request: &HttpRequest, accepted: &[&str]) -> Result<(), Problem> {
    let sent = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (essence, parameters) = sent.split_once(';').unwrap_or((sent, ""));
    let essence = essence.trim().to_ascii_lowercase();
    let charset = parameters
        .split(';')
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .map_or("utf-8", |(_, value)| value.trim_matches('"'));
    if accepted.contains(&essence.as_str()) && charset.eq_ignore_ascii_case("utf-8") {
        return Ok(());
    }
    let wanted = accepted.join(", ");
    Err(Problem::new(Code::UnsupportedMediaType).explain(
        format!("此处接受 {wanted}（UTF-8），收到的是“{sent}”。"),
        format!("{wanted} in UTF-8 is taken here, not '{sent}'."),
    ))
}

/// The whole body, or a problem as soon as it is over the limit.
pub(super) async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Vec<u8>, Problem> {
    let limit = request
        .app_data::<web::Data<App>>()
        .map_or(0, |app| app.settings.limits.body_bytes.0);
    let too_large = || {
        Problem::new(Code::TooLarge)
            .explain(format!("上限为 {limit} 字节。"), format!("The limit is {limit} bytes."))
            .member("limit_bytes", limit)
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let packed = is_packed(request)?;
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| gate::body_problem(&error))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    if packed {
        unpack(&bytes, limit)?.ok_or_else(too_large)
    } else {
        Ok(bytes)
    }
}

/// How much of a body is gathered before it is written to a file.
const PIECE: usize = 256 * 1024;

/// The next bytes of a body, or of a part of one, and whether they are the last.
pub(super) async fn next_piece<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<(Vec<u8>, bool), E> {
    let mut piece = Vec::new();
    while piece.len() < PIECE {
        match body.next().await.transpose()? {
            Some(bytes) => piece.extend_from_slice(&bytes),
            None => return Ok((piece, true)),
        }
    }
    Ok((piece, false))
}

/// Whether the body is packed by gzip; other encodings are refused.
fn is_packed(request: &HttpRequest) -> Result<bool, Problem> {
    let Some(encoding) = request.headers().get(header::CONTENT_ENCODING) else {
        return Ok(false);
    };
    match encoding
        .to_str()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => Err(Problem::new(Code::UnsupportedMediaType).explain(
            "请求正文只接受 gzip 压缩或不压缩。",
            "A request body comes as it is or packed by gzip.",
        )),
    }
}

/// The unpacked bytes; `None` as soon as they are more than the limit, however little was sent.
fn unpack(bytes: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Problem> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes)
        .take(most)
        .read_to_end(&mut unpacked)
        .map_err(|_| {
            Problem::new(Code::BadRequest).explain("gzip 数据已损坏。", "The body is no whole gzip stream.")
        })?;
    Ok((unpacked.len() <= limit).then_some(unpacked))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn code_of(text: &str) -> Code {
        parse::<Value>(text.as_bytes()).expect_err("it should not parse").code()
    }

    #[test]
    fn numbers_that_json_does_not_have_are_syntax_errors() {
        assert_eq!(code_of(r#"{"turnover": 1e999}"#), Code::JsonSyntax);
        assert_eq!(code_of(r#"{"turnover": NaN}"#), Code::JsonSyntax);
        assert_eq!(code_of(r#"{"turnover": "#), Code::JsonSyntax);
    }

    #[test]
    fn nesting_without_measure_is_told_apart() {
        assert_eq!(code_of(&"[".repeat(100_000)), Code::JsonTooDeep);
    }

    #[test]
    fn another_shape_is_told_apart_from_no_json() {
        assert_eq!(
            parse::<u32>(b"\"7\"").expect_err("a string is no number").code(),
            Code::JsonShape
        );
    }
}
