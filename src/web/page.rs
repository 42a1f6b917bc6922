//! Plain pages for people: HTML without scripts, in Chinese and English.

pub mod account;

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType};

/// What a plain page may load: its style sheet and nothing else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The style sheet of all plain pages.
pub const STYLE: &str = include_str!("page/page.css");

/// A page with that title and body, which is HTML already.
pub fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .body(document(title, body))
}

/// The whole document of a page.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"/page.css\">\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escape(title)
    )
}

/// Text as it may stand in HTML, in attributes too.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A survey as the landing page shows it.
#[derive(Debug)]
pub struct SurveyLine {
    /// Its identifier.
    pub survey: String,
    /// Its Chinese title.
    pub title_zh: String,
    /// Its English title.
    pub title_en: String,
    /// The newest published version.
    pub version: String,
    /// How many questions it asks.
    pub questions: usize,
}

/// The landing page: what this server is, what it carries, where to read on.
pub fn landing(surveys: &[SurveyLine], synthetic: bool) -> HttpResponse {
    let mut lines = String::new();
    for survey in surveys {
        // Writing to a String does not fail.
        let _ = writeln!(
            lines,
            "<li><span class=\"name\"><span lang=\"zh\">{}</span> <span lang=\"en\">{}</span></span>\
             <span class=\"facts\"><code>{}</code> {} · {} 题 <span lang=\"en\">questions</span></span></li>",
            escape(&survey.title_zh),
            escape(&survey.title_en),
            escape(&survey.survey),
            escape(&survey.version),
            survey.questions
        );
    }
    if surveys.is_empty() {
        lines.push_str("<li class=\"none\">尚未发布问卷。<span lang=\"en\">No survey is published yet.</span></li>");
    }
    let notice = if synthetic {
        include_str!("page/synthetic.html")
    } else {
        ""
    };
    let body = include_str!("page/landing.html")
        .replace("{{notice}}", notice)
        .replace("{{surveys}}", &lines)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"));
    page("innogauge · 城市创新体系测评", &body)
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn titles_can_not_smuggle_markup_in() {
        assert_eq!(
            escape(r#"<b a="1" c='2'>&"#),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;"
        );
    }
}
