//! Every remedy is followed: for each stable code something that raises it, and the
//! same as its remedy says, which passes.

mod cases;
mod configurations;
mod deliveries;
mod elsewhere;
mod limits;
mod program;
mod proxies;
mod records;
#[cfg(unix)]
mod services;
mod sets;
mod stalls;
mod templates;

#[cfg(unix)]
use std::collections::{BTreeMap, BTreeSet};

#[cfg(unix)]
use action_triggers_vocabulary::codes;
use futures_util::{StreamExt as _, stream};

use self::cases::Row;
pub(crate) use self::cases::edited;

fn rows() -> Vec<Row> {
    [
        sets::rows(),
        templates::rows(),
        records::rows(),
        configurations::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_remedy_says_helps() {
    let mut faults = Vec::new();
    let judged = rows().into_iter().map(|row| async move {
        let (raised, mended) = (row.wrong.codes().await, row.right.codes().await);
        (row, raised, mended)
    });
    let judged: Vec<_> = stream::iter(judged).buffered(4).collect().await;
    for (row, raised, mended) in judged {
        if !raised.contains(&row.code.to_owned()) {
            faults.push(format!("`{}` is not raised, but {raised:?}", row.code));
        }
        if !mended.is_empty() {
            faults.push(format!("`{}` is followed, and {mended:?}", row.code));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Where services are tested.
#[cfg(unix)]
#[test]
fn every_code_has_its_case_or_the_name_of_a_test_elsewhere() {
    let mut known: BTreeMap<(String, String), &str> = BTreeMap::new();
    let here = rows();
    let here = here.iter().map(|row| (row.area, row.code, "here"));
    let limits = limits::LIMITS
        .iter()
        .map(|limit| (limit.area, limit.code, "a limit"));
    let deliveries = deliveries::codes().map(|code| (deliveries::AREA, code, "a delivery"));
    let program = program::codes().map(|(area, code)| (area, code, "the program"));
    let services = services::ROWS.iter();
    let services = services.map(|row| (row.area, row.code, "a service"));
    let elsewhere = elsewhere::codes().map(|(area, code)| (area, code, "elsewhere"));
    let mut twice = Vec::new();
    for (area, code, home) in here
        .chain(limits)
        .chain(deliveries)
        .chain(program)
        .chain(services)
        .chain(elsewhere)
    {
        let before = known.insert((area.to_owned(), code.to_owned()), home);
        if before.is_some_and(|before| before == "elsewhere" || home == "elsewhere") {
            twice.push(code);
        }
    }
    assert!(
        twice.is_empty(),
        "no longer tested elsewhere only: {twice:?}"
    );
    let all: BTreeSet<_> = codes::all()
        .map(|code| (code.area.to_owned(), code.name.to_owned()))
        .collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|code| !known.contains_key(*code))
        .collect();
    assert!(
        missing.is_empty(),
        "nobody follows the remedies of {missing:#?}"
    );
    let idle: Vec<_> = known.keys().filter(|code| !all.contains(*code)).collect();
    assert!(idle.is_empty(), "no such codes: {idle:#?}");
}
