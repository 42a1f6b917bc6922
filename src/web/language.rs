//! The caller's language, by `Accept-Language`.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::definition::Language;

/// The language that the request asks for; English where it asks for none that we speak.
pub fn of(request: &HttpRequest) -> Language {
    request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(preferred)
        .unwrap_or(Language::English)
}

/// The most wanted of our languages in a list such as `zh-CN,zh;q=0.9,en;q=0.8`.
fn preferred(list: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in list.split(',') {
        let mut pieces = part.split(';').map(str::trim);
        let language = pieces.next().and_then(Language::from_tag);
        let weight = pieces
            .find_map(|piece| piece.strip_prefix("q="))
            .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())
            .filter(|weight| *weight > 0.0);
        if let (Some(weight), Some(language)) = (weight, language)
            && best.is_none_or(|(most, _)| weight > most)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// The caller's language as an argument of handlers.
impl FromRequest for Language {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_language_that_we_speak_is_taken() {
        assert_eq!(preferred("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(preferred("fr, en;q=0.3, zh;q=0.7"), Some(Language::Chinese));
        assert_eq!(preferred("EN-gb"), Some(Language::English));
    }

    #[test]
    fn no_language_of_ours_is_no_choice() {
        assert_eq!(preferred("fr, zh;q=0"), None);
        assert_eq!(preferred(";;;q=x,"), None);
    }
}
