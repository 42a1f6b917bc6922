//! The list of forms.

use std::fmt::Write as _;

use actix_web::{HttpRequest, HttpResponse, web};

use super::asked::Asked;
use crate::study;
use crate::web::Caller;
use crate::web::openrosa::{document, text_of};
use crate::web::problem::Problem;
use crate::web::state::App;

/// The forms
///
/// OpenRosa's list of forms: the newest published version of each open survey that the token is good for; under `/test/`
/// the drafts. What ODK Collect and KoboCollect ask for, with `…/key/{token}` as the server's address.
#[utoipa::path(
    get, path = "/key/{token}/formList", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token"),
        ("formID" = Option<String>, Query, description = "Only this form", example = "enterprise"),
        ("deviceID" = Option<String>, Query, description = "What the device calls itself", example = "collect:Zf3kQ8sPq2yW1t0x")
    ),
    responses((status = 200, description = "The list, in OpenRosa's XML", body = String, content_type = "text/xml"))
)]
pub async fn form_list(
    app: web::Data<App>,
    caller: Caller,
    asked: Asked,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let xml = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">\n",
        );
        let surveys = catalogue.iter().filter(|survey| caller.may_use_survey(&survey.survey));
        let surveys = surveys.filter(|survey| asked.form.as_ref().is_none_or(|form| *form == survey.survey));
        for version in surveys.filter_map(|survey| asked.offered(survey)) {
            write_form(&mut xml, &asked, version)?;
        }
        xml.push_str("</xforms>\n");
        Ok::<_, Problem>(xml)
    })
    .await??;
    Ok(document(&request, xml))
}

fn write_form(xml: &mut String, asked: &Asked, version: &study::Version) -> Result<(), Problem> {
    let (definition, form) = (&version.definition, version.phone_form());
    let survey = definition.survey();
    let address = |file: &str| asked.address(&["forms", survey, &version.version, file]);
    let parts = [
        ("formID", survey),
        ("name", definition.title().get(definition.default_language())),
        ("version", &version.version),
        ("hash", &format!("md5:{}", form.hash)),
        ("downloadUrl", &address("form.xml")?),
    ];
    let manifest = if form.has_files() {
        Some(address("manifest")?)
    } else {
        None
    };
    xml.push_str("<xform>\n");
    for (name, text) in parts
        .into_iter()
        .chain(manifest.as_deref().map(|address| ("manifestUrl", address)))
    {
        // Writing to a String does not fail.
        let _ = writeln!(xml, "<{name}>{}</{name}>", text_of(text));
    }
    xml.push_str("</xform>\n");
    Ok(())
}
