//! Which request goes where, and what a fault does to it.

use std::{future, io, sync::Arc};

use axum::{
    Router,
    body::{self, Body},
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;

use super::{
    answer::{self, Refused},
    fault::Fault,
    read, v2, v3,
    wire::{Cut, Gate},
};

type Shared = State<Arc<super::state::State>>;

pub(super) async fn serve(gate: Gate, state: Arc<super::state::State>) -> io::Result<()> {
    let router = Router::new()
        .route("/", get(read::root))
        .route("/topics", get(read::topics))
        .route("/topics/{topic}", get(read::topic).post(produce_v2))
        .route("/topics/{topic}/partitions", get(read::partitions))
        .route(
            "/topics/{topic}/partitions/{partition}",
            post(produce_v2_to_partition),
        )
        .route(
            "/topics/{topic}/partitions/{partition}/messages",
            get(read::messages),
        )
        .route("/v3/clusters", get(read::clusters))
        .route("/v3/clusters/{cluster}/topics/{topic}", get(read::topic_v3))
        .route(
            "/v3/clusters/{cluster}/topics/{topic}/records",
            post(produce_v3),
        )
        .fallback(async || Refused::plain(404, "HTTP 404 Not Found"))
        .method_not_allowed_fallback(async || Refused::plain(405, "HTTP 405 Method Not Allowed"))
        .with_state(state);
    axum::serve(gate, router.into_make_service_with_connect_info::<Cut>()).await
}

async fn produce_v2(
    State(state): Shared,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(topic): Path<String>,
    request: Request,
) -> Response {
    let target = Target::V2(topic, None);
    produce(&state, &cut, target, request).await
}

async fn produce_v2_to_partition(
    State(state): Shared,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((topic, partition)): Path<(String, i32)>,
    request: Request,
) -> Response {
    let target = Target::V2(topic, Some(partition));
    produce(&state, &cut, target, request).await
}

async fn produce_v3(
    State(state): Shared,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((_, topic)): Path<(String, String)>,
    request: Request,
) -> Response {
    produce(&state, &cut, Target::V3(topic), request).await
}

/// What a POST asks for.
enum Target {
    V2(String, Option<i32>),
    V3(String),
}

async fn produce(
    state: &super::state::State,
    cut: &Cut,
    target: Target,
    request: Request,
) -> Response {
    let fault = state.faults().next();
    let (parts, body) = request.into_parts();
    let body = match read_body(body, state.max_body_bytes).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    match &fault {
        Some(Fault::Hang) => future::pending().await,
        Some(Fault::Status(status)) => {
            return Refused::plain(*status, "refused on purpose").into_response();
        }
        Some(Fault::Redirect(url)) => return redirect(url),
        Some(Fault::Delay(delay)) => tokio::time::sleep(*delay).await,
        _ => {}
    }
    let (media_type, stored) = match target {
        Target::V2(topic, partition) => (
            answer::V2,
            store_v2(
                state,
                &parts.headers,
                &topic,
                partition,
                &body,
                fault.as_ref(),
            ),
        ),
        Target::V3(topic) => (
            answer::JSON,
            store_v3(state, &parts.headers, &topic, &body, fault.as_ref()),
        ),
    };
    let text = match stored {
        Ok(text) => text,
        Err(refused) => return refused.into_response(),
    };
    match fault {
        Some(Fault::DropAfterStoring) => cut.cut(),
        Some(Fault::TruncateAfterStoring) => {
            let whole = answer::body(StatusCode::OK, media_type, String::new());
            return answer::truncate(whole, &text);
        }
        _ => {}
    }
    answer::body(StatusCode::OK, media_type, text)
}

async fn read_body(body: Body, limit: usize) -> Result<Bytes, Refused> {
    // The only other failure is a client that went away, and it reads no answer.
    let read = body::to_bytes(body, limit).await;
    read.map_err(|_| Refused::plain(413, "HTTP 413 Request Entity Too Large"))
}

fn redirect(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        return Refused::plain(500, "the address to redirect to is none").into_response();
    };
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, location)],
    )
        .into_response()
}

fn store_v2(
    state: &super::state::State,
    headers: &HeaderMap,
    topic: &str,
    partition: Option<i32>,
    body: &[u8],
    fault: Option<&Fault>,
) -> Result<String, Refused> {
    answer::check_accept(headers, &[answer::V2])?;
    let format = v2::Format::of(answer::content_type(headers).as_deref())?;
    let records = v2::read(body, format)?;
    v2::store(&mut state.log(), topic, partition, records, fault)
}

fn store_v3(
    state: &super::state::State,
    headers: &HeaderMap,
    topic: &str,
    body: &[u8],
    fault: Option<&Fault>,
) -> Result<String, Refused> {
    answer::check_accept(headers, &[answer::JSON])?;
    match answer::content_type(headers).as_deref() {
        Some(answer::JSON) => Ok(v3::store(&mut state.log(), topic, body, fault)),
        Some(_) => Err(answer::unsupported()),
        None => Err(Refused::plain(400, "HTTP 400 Bad Request")),
    }
}
