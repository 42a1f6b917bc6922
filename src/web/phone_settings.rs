//! What a phone is set up with: the code that ODK Collect and KoboCollect scan.
//!
//! The code is the base64 of the zlib-compressed JSON that Collect reads: where to fetch forms and where to send them, that
//! the forms on the phone are always those of the server, and that finished ones are sent by themselves.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fast_qr::convert::Builder as _;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder, QRCode};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::json;

/// The edge of one module of the picture, in pixels, and the margin around all of them, in modules.
const MODULE_PIXELS: usize = 8;
const MARGIN: usize = 4;

/// What a phone is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneSettings {
    server_url: String,
    project: String,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
#[error("no QR code can be made: {0}")]
pub struct NoCode(String);

impl PhoneSettings {
    /// For a server that is reached under an address (`https://survey.example.org`), by a token: for what is published,
    /// or for drafts.
    ///
    /// ```
    /// use innogauge::web::phone_settings::PhoneSettings;
    ///
    /// let settings = PhoneSettings::new("https://survey.example.org/", "ig_secret", false);
    /// assert_eq!(settings.server_url(), "https://survey.example.org/key/ig_secret");
    /// ```
    pub fn new(address: &str, token: &str, drafts: bool) -> Self {
        let address = address.trim_end_matches('/');
        let host = address.split_once("://").map_or(address, |(_, host)| host);
        let (door, project) = if drafts {
            ("test", format!("测试 test · {host}"))
        } else {
            ("key", host.to_owned())
        };
        Self {
            server_url: format!("{address}/{door}/{token}"),
            project,
        }
    }

    /// The address that the phone is given.
    pub fn server_url(&self) -> &str {
        &self.server_url
    }

    /// What the code says.
    ///
    /// # Errors
    /// Never where memory suffices.
    pub fn payload(&self) -> Result<String, NoCode> {
        let settings = json!({
            "general": {
                "server_url": self.server_url,
                "form_update_mode": "match_exactly",
                "autosend": "wifi_and_cellular",
            },
            "admin": {},
            "project": {"name": self.project},
        });
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        let failed = |error: std::io::Error| NoCode(error.to_string());
        packed.write_all(settings.to_string().as_bytes()).map_err(failed)?;
        Ok(STANDARD.encode(packed.finish().map_err(failed)?))
    }

    fn code(&self) -> Result<QRCode, NoCode> {
        let code = QRBuilder::new(self.payload()?).ecl(ECL::L).build();
        code.map_err(|error| NoCode(error.to_string()))
    }

    /// The code in SVG, black on white whatever surrounds it.
    ///
    /// # Errors
    /// Where the address is longer than a code can hold.
    pub fn svg(&self) -> Result<String, NoCode> {
        Ok(SvgBuilder::default().margin(MARGIN).to_str(&self.code()?))
    }

    /// The code as characters for a terminal.
    ///
    /// # Errors
    /// As [`Self::svg`].
    pub fn characters(&self) -> Result<String, NoCode> {
        Ok(self.code()?.to_str())
    }

    /// The code in PNG.
    ///
    /// # Errors
    /// As [`Self::svg`].
    pub fn png(&self) -> Result<Vec<u8>, NoCode> {
        let code = self.code()?;
        let edge = (code.size + 2 * MARGIN) * MODULE_PIXELS;
        let is_dark = |x: usize, y: usize| {
            let module = |pixel: usize| (pixel / MODULE_PIXELS).checked_sub(MARGIN).filter(|at| *at < code.size);
            let at = module(x).zip(module(y)).map(|(column, row)| row * code.size + column);
            at.and_then(|at| code.data.get(at)).is_some_and(|module| module.value())
        };
        let mut pixels = vec![0xff_u8; edge.div_ceil(8) * edge];
        for (y, line) in pixels.chunks_mut(edge.div_ceil(8)).enumerate() {
            for (byte, x) in line.iter_mut().zip((0..edge).step_by(8)) {
                for bit in (0..8).filter(|bit| is_dark(x + bit, y)) {
                    *byte &= !(0x80 >> bit);
                }
            }
        }
        let failed = |error: png::EncodingError| NoCode(error.to_string());
        let edge = u32::try_from(edge).map_err(|error| NoCode(error.to_string()))?;
        let mut picture = Vec::new();
        let mut encoder = png::Encoder::new(&mut picture, edge, edge);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&pixels).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(picture)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_code_says_what_collect_reads() {
        let settings = PhoneSettings::new("https://survey.example.org", "ig_secret", true);
        let packed = STANDARD.decode(settings.payload().unwrap()).unwrap();
        let mut text = String::new();
        ZlibDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            read["general"]["server_url"],
            "https://survey.example.org/test/ig_secret"
        );
        assert_eq!(read["general"]["form_update_mode"], "match_exactly");
        assert_eq!(read["general"]["autosend"], "wifi_and_cellular");
        assert!(read["admin"].is_object() && read["project"]["name"].is_string());
    }

    #[test]
    fn the_picture_has_the_modules_of_the_code_within_a_white_margin() {
        let settings = PhoneSettings::new("https://survey.example.org", "ig_secret", false);
        let (code, picture) = (settings.code().unwrap(), settings.png().unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let shape = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(shape.width as usize, (code.size + 2 * MARGIN) * MODULE_PIXELS);
        for row in 0..code.size + 2 * MARGIN {
            for column in 0..code.size + 2 * MARGIN {
                let (x, y) = (column * MODULE_PIXELS, row * MODULE_PIXELS);
                let dark = pixels[y * shape.line_size + x / 8] & (0x80 >> (x % 8)) == 0;
                let inside = |at: usize| (MARGIN..code.size + MARGIN).contains(&at);
                let expected = inside(row) && inside(column) && code[row - MARGIN][column - MARGIN].value();
                assert_eq!(dark, expected, "{column}, {row}");
            }
        }
    }
}
