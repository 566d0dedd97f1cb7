//! `outbox`: looks into the outbox's file and changes it, while `run` works on it or not.

use action_triggers_host::{
    ClusterId, Config, Extent, Filter, OutboxAdmin, OutboxFile, OutboxRecord, RecordState,
    Replayed, StoreError,
};

use super::{
    args::{Asked, Files, Letters, OutboxCommand, State},
    code_cache,
    error::CliError,
    lines::Lines,
    outcome::Outcome,
    output::Output,
};

/// Bytes of lines that are printed in one go.
const PRINTED_AT_ONCE: usize = 64 << 10;

pub(crate) async fn run(command: &OutboxCommand) -> Result<Outcome, CliError> {
    let (config, _) = Config::examine(command.config(), None)?;
    let mut admin = OutboxAdmin::open(&file(command, &config)?)?;
    match command {
        OutboxCommand::Stats(_) => print(&Lines::of_stats(&admin.stats()?)),
        OutboxCommand::List { letters, .. } => list(&admin, letters),
        OutboxCommand::Show { number, .. } => show(&admin, *number),
        OutboxCommand::Replay {
            files,
            letters,
            asked,
        } => replay(&mut admin, files, letters, asked).await,
        OutboxCommand::Purge { letters, asked, .. } => {
            let filter = filter(letters, asked.all)?;
            let purged = purge(&mut admin, &filter, letters.state, asked.dry_run)?;
            print(&Lines::of_purge(purged, asked.dry_run))
        }
        OutboxCommand::Verify(_) => {
            let found = admin.verify()?;
            print(&Lines::of_verification(&found))?;
            Ok(if found.is_empty() {
                Outcome::Well
            } else {
                Outcome::SomeFailed
            })
        }
        OutboxCommand::Backup { to, .. } => {
            // A link that leads nowhere is there too.
            if to.symlink_metadata().is_ok() {
                return Err(CliError::BackupExists { path: to.clone() });
            }
            admin.backup(to)?;
            print(&Lines::of_backup(to))
        }
        OutboxCommand::Pause { cluster, .. } => hold(&mut admin, &config, cluster, true),
        OutboxCommand::Resume { cluster, .. } => hold(&mut admin, &config, cluster, false),
    }
}

/// The file that the configuration names, whatever else is wrong with it.
fn file(command: &OutboxCommand, config: &Config) -> Result<OutboxFile, CliError> {
    let missing = || CliError::NoOutbox {
        path: command.config().to_owned(),
    };
    config.outbox().cloned().ok_or_else(missing)
}

fn print(lines: &Lines) -> Result<Outcome, CliError> {
    Output::new().write(&lines.text)?;
    Ok(Outcome::Well)
}

fn list(admin: &OutboxAdmin, letters: &Letters) -> Result<Outcome, CliError> {
    let mut filter = filter(letters, true)?;
    let output = Output::new();
    let (mut lines, mut left, mut failed) = (Lines::default(), filter.limit, None);
    let mut flush = |lines: &mut Lines| {
        let written = output.write(&std::mem::take(lines).text);
        let goes_on = matches!(written, Ok(true));
        failed = failed.take().or(written.err());
        goes_on
    };
    for kind in kinds(letters.state) {
        let mut count = |lines: &mut Lines| {
            left = left.map(|left| left.saturating_sub(1));
            lines.text.len() < PRINTED_AT_ONCE || flush(lines)
        };
        let read = match kind {
            Kind::Records(state) => admin.each(&filter, state, |record: OutboxRecord| {
                lines.listed(&record);
                count(&mut lines)
            }),
            Kind::Events => admin.each_event(&filter, |event| {
                lines.event(&event, false);
                count(&mut lines)
            }),
        };
        if let Err(error) = read {
            // Of a damaged file counts what can be read.
            flush(&mut lines);
            return Err(error.into());
        }
        filter.limit = left;
    }
    flush(&mut lines);
    failed.map_or(Ok(Outcome::Well), Err)
}

fn show(admin: &OutboxAdmin, number: u64) -> Result<Outcome, CliError> {
    let mut filter = Filter::default();
    filter.number = Some(number);
    let mut lines = Lines::default();
    for kind in kinds(None) {
        match kind {
            Kind::Records(state) => admin.each(&filter, state, |record| {
                lines.shown(&record);
                true
            })?,
            Kind::Events => admin.each_event(&filter, |event| {
                lines.event(&event, true);
                true
            })?,
        }
    }
    if lines.text.is_empty() {
        return Err(CliError::NoRecord { number });
    }
    print(&lines)
}

async fn replay(
    admin: &mut OutboxAdmin,
    files: &Files,
    letters: &Letters,
    asked: &Asked,
) -> Result<Outcome, CliError> {
    let mut filter = filter(letters, asked.all)?;
    let is_filtered = !filter.is_empty() || letters.state.is_some();
    let extent = if asked.all && is_filtered {
        Extent::Whole
    } else {
        Extent::Failed
    };
    if letters.state == Some(State::Waiting) {
        // What waits needs no replay.
        filter.limit = Some(0);
    }
    let events = admin.count_events(&filter)?;
    let mut replayed = Replayed::default();
    if asked.dry_run {
        replayed.records = count_replayed(admin, &filter, extent)?;
        let left = filter.limit.map(|limit| limit as u64);
        let left = left.map(|limit| limit.saturating_sub(replayed.records));
        replayed.events = events.min(left.unwrap_or(u64::MAX));
    } else if events == 0 {
        replayed.records = admin.replay(&filter)?;
    } else {
        let config = Config::read(&files.config, files.triggers.as_deref())?;
        let builder = code_cache::keep(config.builder()).outbox_in_memory();
        let runtime = builder.build().await;
        let runtime = runtime.map_err(|error| CliError::building(error, &config))?;
        replayed = runtime.replay_in(admin, &filter, extent).await?;
    }
    print(&Lines::of_replay(replayed, asked.dry_run))?;
    Ok(match replayed.failed {
        0 => Outcome::Well,
        _ => Outcome::SomeFailed,
    })
}

/// How many records a replay would send again, its events aside.
fn count_replayed(admin: &OutboxAdmin, filter: &Filter, extent: Extent) -> Result<u64, StoreError> {
    let mut records = filter.clone();
    if extent == Extent::Whole {
        let mut unbounded = filter.clone();
        unbounded.limit = None;
        admin.each_event(&unbounded, |event| {
            records.leave_out(&event.stored);
            true
        })?;
    }
    admin.count(&records, RecordState::Dead)
}

fn purge(
    admin: &mut OutboxAdmin,
    filter: &Filter,
    state: Option<State>,
    is_dry: bool,
) -> Result<u64, StoreError> {
    let mut left = filter.clone();
    let mut all = 0;
    for kind in kinds(state) {
        let purged = match (kind, is_dry) {
            (Kind::Records(state), true) => admin.count(&left, state)?,
            (Kind::Records(state), false) => admin.purge(&left, state)?,
            (Kind::Events, true) => admin.count_events(&left)?,
            (Kind::Events, false) => admin.purge_events(&left)?,
        };
        let gone = usize::try_from(purged).unwrap_or(usize::MAX);
        left.limit = left.limit.map(|limit| limit.saturating_sub(gone));
        all += purged;
    }
    Ok(all)
}

fn hold(
    admin: &mut OutboxAdmin,
    config: &Config,
    cluster: &str,
    is_held: bool,
) -> Result<Outcome, CliError> {
    let id = ClusterId::new("", cluster);
    let stats = admin.stats()?;
    let mut configured = config.clusters().iter();
    // A slip of the pen holds nothing back, and a cluster that is new to both may come.
    let is_known = configured.any(|one| one.bootstrap_servers == cluster)
        || stats.clusters.iter().any(|one| one.cluster == id);
    admin.hold(&id, is_held)?;
    print(&Lines::of_hold(cluster, is_held, is_known))
}

/// What an outbox keeps.
#[derive(Clone, Copy)]
enum Kind {
    Records(RecordState),
    /// Events of which something failed.
    Events,
}

/// Dead letters first: they are what somebody looks for.
fn kinds(asked: Option<State>) -> Vec<Kind> {
    let dead = [Kind::Records(RecordState::Dead), Kind::Events];
    let waiting = [Kind::Records(RecordState::Waiting)];
    match asked {
        None => [&dead[..], &waiting].concat(),
        Some(State::Dead) => dead.into(),
        Some(State::Waiting) => waiting.into(),
    }
}

/// What a call asks for; all only where it says so.
fn filter(letters: &Letters, all: bool) -> Result<Filter, CliError> {
    let mut filter = Filter::default();
    filter.tenant.clone_from(&letters.tenant);
    filter.trigger.clone_from(&letters.trigger);
    filter.topic.clone_from(&letters.topic);
    filter.code.clone_from(&letters.code);
    filter.event.clone_from(&letters.id);
    (filter.since_ms, filter.until_ms) = (letters.since, letters.until);
    filter.limit = letters.limit;
    if filter.is_empty() && letters.state.is_none() && !all {
        return Err(CliError::AsksForAll);
    }
    Ok(filter)
}
