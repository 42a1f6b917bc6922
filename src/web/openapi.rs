//! The OpenAPI 3.1 document, made of the mounted routes and nothing else.

pub(super) mod examples;
mod header;

use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::schema::{Components, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, ResponseBuilder,
};
use utoipa::{ToSchema as _, openapi};

pub(super) use header::header;

use super::mount::{KeyPlace, Mounted, Routes};
use super::problem::Document;
use super::{cookie, idempotency};

const DESCRIPTION: &str = "\
innogauge collects the answers of enterprises and institutions to surveys, scores cities by them and hands out \
workbooks.

Sign in with `POST /api/v1/login`, or issue a token for a program (`POST /api/v1/me/tokens`), limited to surveys, \
cities and acts, and send it as `Authorization: Bearer TOKEN`. Browsers sign in by a cookie instead; what changes \
anything is then taken from this server's own pages only. A password that was made up for somebody is to be replaced \
before anything else. Errors are problem documents (RFC 9457) with a stable `code`; their texts come in \
Chinese or English by `Accept-Language`. Lists are paged by key: `next` of one page is `after` of the following one. \
What a caller may not see is answered as if it did not exist. What a version promises, and what changed, says \
`/docs/api-changelog.md`.";

/// The security schemes' names.
const TOKEN: &str = "token";
const SESSION: &str = "session";

/// The document of all mounted routes.
pub fn document(routes: &Routes) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = Components::builder()
        .security_scheme(
            TOKEN,
            SecurityScheme::Http(
                Http::builder()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("An API token, or the token of a session"))
                    .build(),
            ),
        )
        .security_scheme(
            SESSION,
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                cookie::SESSION,
                "The session of a browser; over TLS the name begins with `__Host-`",
            ))),
        );
    let mut problem_schemas = vec![(Document::name().into_owned(), Document::schema())];
    Document::schemas(&mut problem_schemas);
    components = components.schemas_from_iter(problem_schemas);
    for mounted in routes.iter() {
        components = components.schemas_from_iter(mounted.schemas.clone());
        paths.add_path_operation(
            mounted.path.clone(),
            vec![mounted.document_method()],
            operation(mounted),
        );
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("innogauge")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(
                    LicenseBuilder::new()
                        .name("MIT OR Apache-2.0")
                        .identifier(Some("MIT OR Apache-2.0"))
                        .build(),
                ))
                .build(),
        )
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

/// What the handler says of itself, and what the table of rights and the problem documents add.
fn operation(mounted: &Mounted) -> Operation {
    let mut operation = mounted.operation.clone();
    if let Some(roles) = mounted.act.rule().roles {
        // What stands in an address is a parameter to the document, no scheme of security.
        operation.security = (mounted.key == KeyPlace::Header).then(|| {
            vec![
                SecurityRequirement::new(TOKEN, [] as [&str; 0]),
                SecurityRequirement::new(SESSION, [] as [&str; 0]),
            ]
        });
        if mounted.key == KeyPlace::Header
            && idempotency::applies(mounted.act, &mounted.method, mounted.weight, &mounted.operation)
        {
            operation
                .parameters
                .get_or_insert_default()
                .push(idempotency::parameter().into());
        }
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let rights = format!("Roles: {}.", names.join(", "));
        operation.description = Some(match operation.description.take() {
            Some(description) if !description.is_empty() => format!("{description}\n\n{rights}"),
            _ => rights,
        });
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            *parameter = examples::with_example(parameter.clone());
        }
    }
    match mounted.key {
        KeyPlace::Header => describe_refusals(&mut operation),
        KeyPlace::Address => describe_refusals_in_xml(&mut operation),
    }
    describe_files(&mut operation);
    operation
}

/// Bytes that are no JSON are a file, not a list of numbers.
fn describe_files(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.iter_mut().for_each(describe_file);
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.iter_mut().for_each(describe_file);
    }
}

fn describe_file((kind, content): (&String, &mut RefOr<Content>)) {
    if let RefOr::T(content) = content
        && !kind.contains("json")
        && matches!(content.schema, Some(RefOr::T(Schema::Array(_))))
    {
        content.schema = Some(file().into());
    }
}

fn file() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .into()
}

/// Every answer that is a refusal is a problem document, whether the handler names its status or not. The forms of the
/// pages are answered with a page that says what is wrong.
fn describe_refusals(operation: &mut Operation) {
    let of_page = operation.tags.iter().flatten().any(|tag| tag == "pages");
    let responses = &mut operation.responses.responses;
    responses
        .entry("default".to_owned())
        .or_insert_with(|| RefOr::T(ResponseBuilder::new().description("A problem document").build()));
    for (status, response) in responses {
        let refuses = status == "default" || status.starts_with('4') || status.starts_with('5');
        let RefOr::T(response) = response else { continue };
        if !refuses {
            continue;
        }
        response
            .content
            .entry("application/problem+json".to_owned())
            .or_insert_with(|| RefOr::T(problem()));
        if of_page {
            response
                .content
                .entry("text/html".to_owned())
                .or_insert_with(|| RefOr::T(text()));
        }
    }
}

/// Phones are told in XML.
fn describe_refusals_in_xml(operation: &mut Operation) {
    let refusal = ResponseBuilder::new().description("Refused, with a message in Chinese and English");
    let responses = &mut operation.responses.responses;
    responses
        .entry("default".to_owned())
        .or_insert_with(|| RefOr::T(refusal.build()));
    for (status, response) in responses {
        let refuses = status == "default" || status.starts_with('4') || status.starts_with('5');
        if let (true, RefOr::T(response)) = (refuses, response) {
            response.content.insert("text/xml".to_owned(), RefOr::T(text()));
        }
    }
}

fn problem() -> Content {
    ContentBuilder::new()
        .schema(Some(openapi::Ref::from_schema_name("Problem")))
        .build()
}

/// A text.
fn text() -> Content {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ContentBuilder::new().schema(Some(text)).build()
}
