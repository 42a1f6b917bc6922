//! Mounting routes: each with its act, its handler, and its documentation, or not at all.
//!
//! [`Routes::mount`] is the only way to a route. It takes method and path from the handler's OpenAPI attribute, so the
//! document and the server can't differ, and puts the guard of the act before the handler.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Schema;

use super::rights::Act;
use super::{guard, idempotency};
use crate::settings::Limits;

/// The documentation that `#[utoipa::path]` makes of a handler.
pub trait Documented: utoipa::Path + utoipa::__dev::SchemaReferences + for<'t> utoipa::__dev::Tags<'t> {}
impl<T: utoipa::Path + utoipa::__dev::SchemaReferences + for<'t> utoipa::__dev::Tags<'t>> Documented for T {}

/// How long a request may take, and how large a body it may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Most requests.
    Light,
    /// Requests that read or write whole files.
    Heavy,
}

impl Weight {
    /// How long a request may take.
    pub(super) fn deadline(self, limits: &Limits) -> Duration {
        match self {
            Self::Light => limits.request,
            Self::Heavy => limits.long_request,
        }
    }
}

/// Where a caller's credential is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a header: a token, or the cookie of a session.
    Header,
    /// In the address, behind `/key/` or `/test/`: a token, as phones have it. They send no headers of ours.
    Address,
}

/// The beginnings of the addresses that phones use: of what is published, and of drafts.
pub(super) const PUBLISHED: &str = "/key/{token}/";
pub(super) const DRAFTS: &str = "/test/{token}/";

/// One mounted route.
#[derive(Clone)]
pub struct Mounted {
    /// What is done.
    pub act: Act,
    /// How long it may take.
    pub weight: Weight,
    /// Where its callers' credentials are looked for.
    pub key: KeyPlace,
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What the OpenAPI document says of it.
    pub operation: Operation,
    /// The schemas that its documentation refers to.
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
    document_method: HttpMethod,
    route: Arc<dyn Fn() -> Route + Send + Sync>,
}

impl fmt::Debug for Mounted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} ({:?})", self.method, self.path, self.act)
    }
}

impl Mounted {
    /// The method as the OpenAPI document has it.
    pub(super) fn document_method(&self) -> HttpMethod {
        self.document_method.clone()
    }
}

/// All routes of the server.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    mounted: Vec<Mounted>,
}

impl Routes {
    /// Mounts a handler under the method and path of its documentation, guarded by its act.
    #[allow(clippy::needless_pass_by_value, reason = "only the type of the documentation counts")]
    pub fn mount<D, H, A>(&mut self, act: Act, documentation: D, handler: H) -> &mut Self
    where
        D: Documented,
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.mount_at(
            &D::path(),
            (Weight::Light, KeyPlace::Header, act),
            &documentation,
            &handler,
        )
    }

    /// Mounts a handler that works on whole files.
    #[allow(clippy::needless_pass_by_value, reason = "only the type of the documentation counts")]
    pub fn mount_heavy<D, H, A>(&mut self, act: Act, documentation: D, handler: H) -> &mut Self
    where
        D: Documented,
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.mount_at(
            &D::path(),
            (Weight::Heavy, KeyPlace::Header, act),
            &documentation,
            &handler,
        )
    }

    /// Mounts a handler that phones ask, with the token in the address: where its documentation says, for what is published, and
    /// in the same place for drafts.
    #[allow(clippy::needless_pass_by_value, reason = "only the type of the documentation counts")]
    pub fn mount_for_phones<D, H, A>(&mut self, weight: Weight, act: Act, documentation: D, handler: H) -> &mut Self
    where
        D: Documented,
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let drafts = D::path().replacen(PUBLISHED, DRAFTS, 1);
        self.mount_at(&D::path(), (weight, KeyPlace::Address, act), &documentation, &handler)
            .mount_at(
                &drafts,
                (weight, KeyPlace::Address, Act::TryDrafts),
                &documentation,
                &handler,
            )
    }

    fn mount_at<D, H, A>(
        &mut self,
        path: &str,
        (weight, key, act): (Weight, KeyPlace, Act),
        _documentation: &D,
        handler: &H,
    ) -> &mut Self
    where
        D: Documented,
        H: Handler<A> + Send + Sync,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        let mut operation = D::operation();
        operation.tags = Some(D::tags().into_iter().map(str::to_owned).collect());
        for (number, document_method) in D::methods().into_iter().enumerate() {
            let method = method_of(&document_method);
            let mut operation = operation.clone();
            if number > 0 {
                // Programs that are made of the document name their functions by this.
                operation.operation_id = operation
                    .operation_id
                    .map(|id| format!("{id}_by_{}", method.as_str().to_lowercase()));
            }
            if path.starts_with(DRAFTS) {
                operation.operation_id = operation.operation_id.map(|id| format!("{id}_of_drafts"));
            }
            // What phones send has an instance ID.
            let keyed = key == KeyPlace::Header && idempotency::applies(act, &method, weight, &operation);
            let handler = handler.clone();
            let route_method = method.clone();
            self.mounted.push(Mounted {
                act,
                weight,
                key,
                method,
                path: path.to_owned(),
                operation,
                schemas: schemas.clone(),
                document_method,
                route: Arc::new(move || {
                    let route = Route::new().method(route_method.clone()).to(handler.clone());
                    // The guard, wrapped last, is asked first.
                    let route = if keyed {
                        route.wrap(from_fn(move |request, next| idempotency::once(weight, request, next)))
                    } else {
                        route
                    };
                    route.wrap(from_fn(move |request, next| {
                        guard::guard((act, weight, key), request, next)
                    }))
                }),
            });
        }
        self
    }

    /// Every mounted route, in the order of mounting.
    pub fn iter(&self) -> impl Iterator<Item = &Mounted> {
        self.mounted.iter()
    }

    /// Registers every route with actix: one resource per path, so that another method is answered 405.
    pub(super) fn configure(&self, config: &mut web::ServiceConfig) {
        let mut resources: BTreeMap<&str, Vec<&Mounted>> = BTreeMap::new();
        for mounted in &self.mounted {
            resources.entry(&mounted.path).or_default().push(mounted);
        }
        // They are tried in this order, each by a regular expression: first those that most requests are for.
        let mut resources: Vec<(&str, Vec<&Mounted>)> = resources.into_iter().collect();
        resources.sort_by_key(|(_, mounted)| mounted.iter().all(|one| one.act != Act::SubmitResponses));
        for (path, mounted) in resources {
            let mut resource = web::resource(path.to_owned());
            for one in mounted {
                resource = resource.route((one.route)());
            }
            config.service(resource);
        }
    }
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}
