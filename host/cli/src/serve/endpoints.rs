//! What is served where.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};

use super::{
    events,
    fault::Fault,
    metrics::{self, Now},
    server::Server,
};

/// The service's paths. `/healthz` and `/readyz` ask for no token: whoever watches over
/// processes has none.
pub(super) fn router(server: &Arc<Server>) -> Router {
    let guarded = Router::new()
        .route("/v1/events", only("POST", post(events::publish)))
        .route("/v1/render", only("POST", post(events::render)))
        .route("/v1/explain", only("POST", post(events::explain)))
        .route("/metrics", only("GET", get(measured)))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(server), guard));
    Router::new()
        .route("/healthz", only("GET", get(|| async { "ok\n" })))
        .route("/readyz", only("GET", get(ready)))
        .merge(guarded)
        .with_state(Arc::clone(server))
}

/// The only method of a path.
fn only(method: &'static str, route: MethodRouter<Arc<Server>>) -> MethodRouter<Arc<Server>> {
    route.fallback(move || async move {
        let allowed = [(header::ALLOW, method)];
        (allowed, Fault::wrong_method(method)).into_response()
    })
}

/// Lets those through who show the token.
async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    if server.rules().admits(shown.map(HeaderValue::as_bytes)) {
        next.run(request).await
    } else {
        Fault::unauthenticated().into_response()
    }
}

async fn unknown(uri: Uri) -> Fault {
    Fault::not_found(uri.path())
}

/// Whether events should be sent here; if not, why.
async fn readiness(server: &Server) -> Result<(), &'static str> {
    if server.is_stopping() {
        return Err("stopping\n");
    }
    let probe = server.runtime.probe().await;
    probe.map_err(|_| "the outbox does not work\n")
}

async fn ready(State(server): State<Arc<Server>>) -> (StatusCode, &'static str) {
    match readiness(&server).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

async fn measured(State(server): State<Arc<Server>>) -> Response {
    let text = server.metrics.text(&Now {
        is_ready: readiness(&server).await.is_ok(),
        waiting: server.runtime.waiting().await.ok(),
        attempts: server.runtime.attempts(),
    });
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}
