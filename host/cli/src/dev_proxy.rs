//! `dev-proxy`: the embedded REST proxy alone.

use action_triggers_dev_proxy::{DevProxy, Options};

use super::{args, error::CliError, interrupt, outcome::Outcome, output::Output};

pub(crate) async fn run(args: args::DevProxy) -> Result<Outcome, CliError> {
    let options = Options {
        address: args.listen,
        partitions: args.partitions,
        auto_create_topics: !args.no_auto_create,
        topics: args.topics,
        ..Options::default()
    };
    let address = args.listen;
    let proxy = DevProxy::start(options).await;
    let proxy = proxy.map_err(|error| CliError::DevProxy { address, error })?;
    for fault in args.faults {
        proxy.inject(fault, args.fault_times);
    }
    let hint = format!(
        "a stand-in for a Kafka REST proxy listens on {}\n",
        proxy.url()
    );
    Output::new().write(hint.as_bytes())?;
    interrupt::once().await;
    Ok(Outcome::Well)
}
