//! The OpenAPI 3.1 document, made of the mounted routes and nothing else.

use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::schema::{Components, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ResponseBuilder,
};
use utoipa::{ToSchema as _, openapi};

use super::idempotency;
use super::mount::{Mounted, Routes};
use super::problem::Document;

const DESCRIPTION: &str = "\
innogauge collects the answers of enterprises and institutions to surveys, scores cities by them and hands out \
workbooks.

Sign in with `POST /api/v1/login`, or issue a token for a program (`POST /api/v1/me/tokens`), limited to surveys, \
cities and acts, and send it as `Authorization: Bearer TOKEN`. Browsers sign in by a cookie instead; what changes \
anything is then taken from this server's own pages only. A password that was made up for somebody is to be replaced \
before anything else. Errors are problem documents (RFC 9457) with a stable `code`; their texts come in \
Chinese or English by `Accept-Language`. Lists are paged by key: `next` of one page is `after` of the following one. \
What a caller may not see is answered as if it did not exist.";

/// The document of all mounted routes.
pub fn document(routes: &Routes) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = Components::builder().security_scheme(
        "token",
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("An API token"))
                .build(),
        ),
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
        operation.security = Some(vec![SecurityRequirement::new("token", [] as [&str; 0])]);
        if idempotency::applies(mounted.act, &mounted.method, mounted.weight) {
            operation
                .parameters
                .get_or_insert_default()
                .push(idempotency_key().into());
        }
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let rights = format!("Roles: {}.", names.join(", "));
        operation.description = Some(match operation.description.take() {
            Some(description) if !description.is_empty() => format!("{description}\n\n{rights}"),
            _ => rights,
        });
    }
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert_with(|| {
            RefOr::T(
                ResponseBuilder::new()
                    .description("A problem document")
                    .content(
                        "application/problem+json",
                        ContentBuilder::new()
                            .schema(Some(openapi::Ref::from_schema_name("Problem")))
                            .build(),
                    )
                    .build(),
            )
        });
    operation
}

/// The header that makes sending a request again harmless.
fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A key of your own making: the same request sent again within a day is answered as before, and done once",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(255))
                .examples([serde_json::json!("5a1c2e0e-6f0b-4a57-9a53-0c4a3a1c9b11")])
                .build(),
        ))
        .build()
}
