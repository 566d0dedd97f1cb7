//! `serve`: takes events over HTTP.
//!
//! ```text
//! listener -> connection -> router -> body (bounded) -> events (decode, offer, answer)
//! ```
//!
//! A request is answered when its records are in the outbox. What there is no room for is
//! refused at once with 429, so nothing waits here that is not bounded: bodies have a
//! budget, connections a number, and clients a time for each of their steps.

mod answer;
mod body;
mod endpoints;
mod events;
mod fault;
mod listener;
mod metrics;
mod reload;
mod server;
mod tls;
mod trace;

use std::{sync::Arc, time::Duration};

use action_triggers_host::{Config, Filter, Reports, Runtime};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch, time::timeout};

use self::{listener::Listener, server::Server};
use super::{
    args, code_cache, error::CliError, interrupt, outcome::Outcome, output::Output, report,
};

/// Most reports that are counted in one go.
const REPORTS_AT_ONCE: usize = 1_024;

pub(crate) async fn run(args: args::Serve) -> Result<Outcome, CliError> {
    // Before they are read: what changes while they are read is a change.
    let watched = reload::watched(&args.files).await;
    let config = Config::read(&args.files.config, args.files.triggers.as_deref())?;
    let service = config.service();
    let runtime = code_cache::keep(config.builder()).build().await;
    let runtime = runtime.map_err(|error| CliError::building(error, &config))?;
    let address = args.listen.unwrap_or(service.listen);
    let socket = TcpListener::bind(address).await;
    let listening = socket.and_then(|socket| Ok((socket.local_addr()?, socket)));
    let (address, socket) = listening.map_err(|error| CliError::Listen { address, error })?;
    let tls = service.tls.as_ref().map(tls::acceptor).transpose();
    let tls = tls.map_err(CliError::ServiceTls)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let grace = service.shutdown_grace;
    let reports = runtime.reports();
    let server = Arc::new(Server::new(runtime, &config, tls));
    let counting = tokio::spawn(count_reports(reports, Arc::clone(&server.metrics)));
    let listener = Listener::new(socket, &server);
    let following = tokio::spawn(reload::follow(Arc::clone(&server), args.files, watched));
    let mut stopping = interrupt::Stopping::listen();
    report::outbox(config.outbox());
    let outbox = config.outbox().map(|file| file.path.display().to_string());
    let outbox = outbox.as_deref().unwrap_or("memory");
    say(&json!({"listening": format!("{scheme}://{address}"), "outbox": outbox}))?;

    let (stop, stopped) = watch::channel(false);
    let mut serving = tokio::spawn(listener.serve(stopped));
    stopping.asked().await;
    report::note(&format!(
        "stopping: what is under way is answered, and what was accepted is delivered, for {} s at \
         most; ask again to end at once",
        grace.as_secs_f64()
    ));
    server.stop();
    stop.send_replace(true);
    let ended = async {
        // An error means that it ended by itself.
        (&mut serving).await.ok();
        server.runtime.flush().await;
    };
    tokio::select! {
        _ = timeout(grace, ended) => {}
        () = stopping.asked() => {}
    }
    // The connections that are left are cut.
    if !serving.is_finished() {
        serving.abort();
        serving.await.ok();
    }
    following.abort();
    following.await.ok();
    let metrics = Arc::clone(&server.metrics);
    let server = Arc::into_inner(server).ok_or(CliError::Stopped)?;
    let before = metrics.given_up();
    let forgotten = if config.outbox().is_some() {
        0
    } else {
        failed_events(&server.runtime).await
    };
    let left = server.runtime.shutdown(Duration::ZERO).await;
    counting.await.ok();
    let lost = metrics.given_up() - before + forgotten;
    // Where the outbox does not say how many are left, nobody may take it for none.
    say(&json!({"stopped": true, "left": left.as_ref().ok(), "lost": lost}))?;
    left?;
    Ok(if lost > 0 {
        Outcome::SomeFailed
    } else {
        Outcome::Well
    })
}

/// How many events of which something failed an outbox in memory forgets now.
async fn failed_events(runtime: &Runtime) -> u64 {
    let events = runtime.dead_events(&Filter::default(), 0).await;
    let events = events.map_or(0, |events| events.len() as u64);
    if events > 0 {
        report::note(&format!(
            "{} of which something failed {} lost: an outbox with a `path` keeps them",
            report::counted(events, "event"),
            if events == 1 { "is" } else { "are" }
        ));
    }
    events
}

/// Prints a line for whoever started the service.
fn say(line: &serde_json::Value) -> Result<(), CliError> {
    // A reader that went away does not end the service.
    Output::new()
        .write(format!("{line}\n").as_bytes())
        .map(drop)
}

async fn count_reports(mut reports: Reports, metrics: Arc<metrics::Metrics>) {
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, REPORTS_AT_ONCE).await > 0 {
        for report in batch.drain(..) {
            metrics.ended(&report);
        }
    }
}
