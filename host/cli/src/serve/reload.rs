//! Another configuration without a stop: when somebody asks, and when its files change.

use std::{sync::Arc, time::Duration};

use action_triggers_host::{Config, ConfigFiles, Service};
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{server::Server, tls};
use crate::{args::Files, error::CliError, interrupt::Hangups, report};

/// How often the files' content is compared. Nobody tells of a change behind a symbolic
/// link, which is how Kubernetes makes them.
const PERIOD: Duration = Duration::from_secs(2);

/// What is watched: the files of a configuration, and the digest of what they hold.
pub(super) type Watched = (ConfigFiles, [u8; 32]);

/// Follows the configuration until it is dropped; `known` is what was watched before the
/// configuration was read.
pub(super) async fn follow(server: Arc<Server>, files: Files, mut known: Option<Watched>) {
    let mut hangups = Hangups::listen();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_asked = tokio::select! {
            _ = ticks.tick() => false,
            () = hangups.next() => true,
        };
        let Some((watched, digest)) = known.take() else {
            return;
        };
        let compared = spawn_blocking(move || {
            let now = watched.digest();
            (watched, now)
        });
        let Ok((watched, now)) = compared.await else {
            return;
        };
        if now == digest && !is_asked {
            known = Some((watched, digest));
            continue;
        }
        // Before it is read: what changes while it is read is another change.
        known = self::watched(&files).await;
        reload(&server, &files).await;
    }
}

/// The files of the configuration of now, and what they hold.
pub(super) async fn watched(files: &Files) -> Option<Watched> {
    let (config, triggers) = (files.config.clone(), files.triggers.clone());
    let watched = spawn_blocking(move || {
        let files = ConfigFiles::of(&config, triggers.as_deref());
        let digest = files.digest();
        (files, digest)
    });
    // An error means that the process ends.
    watched.await.ok()
}

/// Puts what the files say in place of what was before; or says why not.
async fn reload(server: &Server, files: &Files) {
    match replace(server, files).await {
        Ok(triggers) => {
            server.metrics.reloaded(true);
            report::note(&format!(
                "the configuration was read again: {}",
                report::counted(triggers as u64, "trigger")
            ));
        }
        Err(error) => {
            server.metrics.reloaded(false);
            report::problems(error.problems());
            report::note(&format!(
                "the configuration was read again and is not used, everything goes on as before: \
                 error[{}]: {error}",
                error.code()
            ));
        }
    }
}

async fn replace(server: &Server, files: &Files) -> Result<usize, CliError> {
    let config = Config::read(&files.config, files.triggers.as_deref())?;
    let service = config.service();
    let tls = service.tls.as_ref().map(tls::acceptor).transpose();
    let tls = tls.map_err(CliError::ServiceTls)?;
    let reloaded = server.runtime.reload(config.builder()).await;
    reloaded.map_err(|error| CliError::building(error, &config))?;
    let before = server.rules();
    if needs_start(&before.service, service) {
        report::note(
            "`listen`, `max_connections` or the use of `tls` changed: that takes a new start",
        );
    }
    server.replace(&config, tls);
    Ok(config.trigger_count())
}

/// Whether something changed that only a start can change.
fn needs_start(before: &Service, now: &Service) -> bool {
    before.listen != now.listen
        || before.max_connections != now.max_connections
        || before.tls.is_some() != now.tls.is_some()
}
