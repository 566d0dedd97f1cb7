//! `outbox`: looks into the outbox's file and changes it, while `run` works on it or not.

use action_triggers_host::{
    Config, Filter, OutboxAdmin, OutboxFile, OutboxRecord, RecordState, StoreError,
};

use super::{
    args::{Letters, OutboxCommand, State},
    error::CliError,
    lines::Lines,
    outcome::Outcome,
    output::Output,
};

/// Bytes of lines that are printed in one go.
const PRINTED_AT_ONCE: usize = 64 << 10;

pub(crate) fn run(command: &OutboxCommand) -> Result<Outcome, CliError> {
    let file = file(command)?;
    let mut admin = OutboxAdmin::open(&file)?;
    match command {
        OutboxCommand::Stats(_) => {
            let (clusters, totals) = admin.stats()?;
            print(&Lines::of_stats(&clusters, totals))
        }
        OutboxCommand::List { letters, .. } => list(&admin, letters),
        OutboxCommand::Show { number, .. } => show(&admin, *number),
        OutboxCommand::Replay { letters, asked, .. } => {
            let mut filter = filter(letters, asked.all)?;
            if letters.state == Some(State::Waiting) {
                // What waits needs no replay.
                filter.limit = Some(0);
            }
            let records = match (filter.limit, asked.dry_run) {
                (Some(0), _) => 0,
                (_, true) => admin.count(&filter, RecordState::Dead)?,
                (_, false) => admin.replay(&filter)?,
            };
            print(&Lines::of_change("replayed", records, asked.dry_run))
        }
        OutboxCommand::Purge { letters, asked, .. } => {
            let filter = filter(letters, asked.all)?;
            let records = purge(&mut admin, &filter, letters.state, asked.dry_run)?;
            print(&Lines::of_change("purged", records, asked.dry_run))
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
            if to.exists() {
                return Err(CliError::BackupExists { path: to.clone() });
            }
            admin.backup(to)?;
            print(&Lines::of_backup(to))
        }
        OutboxCommand::Pause { cluster, .. } => hold(&mut admin, cluster, true),
        OutboxCommand::Resume { cluster, .. } => hold(&mut admin, cluster, false),
    }
}

/// The file that the configuration names, whatever else is wrong with it.
fn file(command: &OutboxCommand) -> Result<OutboxFile, CliError> {
    let path = &command.config().config;
    let (config, _) = Config::examine(path, None)?;
    let missing = || CliError::NoOutbox { path: path.clone() };
    config.outbox().cloned().ok_or_else(missing)
}

fn print(lines: &Lines) -> Result<Outcome, CliError> {
    Output::new().write(&lines.text)?;
    Ok(Outcome::Well)
}

fn list(admin: &OutboxAdmin, letters: &Letters) -> Result<Outcome, CliError> {
    let filter = filter(letters, true)?;
    let output = Output::new();
    let (mut left, mut failed) = (filter.limit, None);
    for state in states(letters.state) {
        let mut filter = filter.clone();
        filter.limit = left;
        let mut lines = Lines::default();
        let mut flush = |lines: &mut Lines| {
            let written = output.write(&std::mem::take(lines).text);
            let goes_on = matches!(written, Ok(true));
            failed = failed.take().or(written.err());
            goes_on
        };
        admin.each(&filter, state, |record: OutboxRecord| {
            lines.listed(&record);
            left = left.map(|left| left.saturating_sub(1));
            lines.text.len() < PRINTED_AT_ONCE || flush(&mut lines)
        })?;
        flush(&mut lines);
    }
    failed.map_or(Ok(Outcome::Well), Err)
}

fn show(admin: &OutboxAdmin, number: u64) -> Result<Outcome, CliError> {
    let mut filter = Filter::default();
    filter.number = Some(number);
    let mut lines = Lines::default();
    for state in states(None) {
        admin.each(&filter, state, |record| {
            lines.shown(&record);
            true
        })?;
    }
    if lines.text.is_empty() {
        return Err(CliError::NoRecord { number });
    }
    print(&lines)
}

fn purge(
    admin: &mut OutboxAdmin,
    filter: &Filter,
    state: Option<State>,
    is_dry: bool,
) -> Result<u64, StoreError> {
    let mut filter = filter.clone();
    let mut records = 0;
    for state in states(state) {
        let count = if is_dry {
            admin.count(&filter, state)?
        } else {
            admin.purge(&filter, state)?
        };
        let gone = usize::try_from(count).unwrap_or(usize::MAX);
        filter.limit = filter.limit.map(|limit| limit.saturating_sub(gone));
        records += count;
    }
    Ok(records)
}

fn hold(admin: &mut OutboxAdmin, cluster: &str, is_held: bool) -> Result<Outcome, CliError> {
    let id = action_triggers_host::ClusterId::new("", cluster);
    admin.hold(&id, is_held)?;
    print(&Lines::of_hold(cluster, is_held))
}

/// Dead letters first: they are what somebody looks for.
fn states(asked: Option<State>) -> Vec<RecordState> {
    match asked {
        None => vec![RecordState::Dead, RecordState::Waiting],
        Some(State::Dead) => vec![RecordState::Dead],
        Some(State::Waiting) => vec![RecordState::Waiting],
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
