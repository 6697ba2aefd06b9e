//! `kv serve`: one store on one runtime, until Ctrl-C.
//!
//! It knows how each runtime is built and how a process is asked to stop; the store is
//! [`kv::Server`]'s. `main` calls it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyrt::{BlockOn, Core, native, smol, tokio};
use clap::{Args, ValueEnum};
use kv::{Config, Fsync, Server};

use crate::choice::Choice;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The runtime.
    #[arg(long, value_enum)]
    runtime: Choice,
    /// The port; 0 for one of the system's choice.
    #[arg(long, default_value_t = 6379)]
    port: u16,
    /// The address to listen on. Nobody is asked for a password: keep it to this machine.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The directory of the append-only file.
    #[arg(long)]
    dir: PathBuf,
    /// When a write counts as kept.
    #[arg(long, value_enum, default_value_t = Policy::Everysec)]
    appendfsync: Policy,
    /// Clients at one time.
    #[arg(long, default_value_t = 1000)]
    max_clients: usize,
    /// Seconds after which a silent client is closed; 0 for never.
    #[arg(long, default_value_t = 300)]
    idle_timeout_s: u64,
    /// Bytes of one request and of one value.
    #[arg(long, default_value_t = 16 * 1024 * 1024)]
    max_request_bytes: usize,
    /// Bytes of replies that wait for one client.
    #[arg(long, default_value_t = 32 * 1024 * 1024)]
    max_output_bytes: usize,
}

/// [`Fsync`] in the words of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// Before it is acknowledged.
    Always,
    /// Once a second.
    Everysec,
    /// When the operating system likes.
    No,
}

pub(crate) fn run(arguments: Arguments) -> io::Result<()> {
    let config = config(&arguments);
    match arguments.runtime {
        Choice::Native => serve_on(native::Builder::new().build()?, config),
        Choice::Tokio => serve_on(tokio::Builder::new().build()?, config),
        Choice::Smol => serve_on(smol::Builder::new().build()?, config),
    }
}

fn config(arguments: &Arguments) -> Config {
    let mut config = Config::new(&arguments.dir);
    config.addr = SocketAddr::from((arguments.bind, arguments.port));
    config.fsync = match arguments.appendfsync {
        Policy::Always => Fsync::Always,
        Policy::Everysec => Fsync::EverySec,
        Policy::No => Fsync::No,
    };
    config.clients_max = arguments.max_clients;
    let idle_timeout = Duration::from_secs(arguments.idle_timeout_s);
    config.idle_timeout = (!idle_timeout.is_zero()).then_some(idle_timeout);
    config.request_max_bytes = arguments.max_request_bytes;
    config.output_max_bytes = arguments.max_output_bytes;
    config
}

fn serve_on<B: BlockOn>(owner: B, config: Config) -> io::Result<()> {
    let rt = owner.handle();
    let interrupted = interruption()?;
    let served = owner.block_on(async {
        let server = Server::bind_in(config, &rt).await?;
        let (addr, records) = (server.local_addr(), server.recovery().records);
        println!(
            "listening on {addr} ({}, {records} records read back)",
            B::Runtime::NAME
        );
        let shutdown = async {
            // The other end is never dropped: an error would mean that nobody can interrupt us.
            let _ = interrupted.recv().await;
        };
        server.serve(shutdown).await
    });
    owner.shutdown(Duration::from_secs(1));
    served
}

/// Ready once Ctrl-C or a termination signal has come. The second one ends the process at once.
fn interruption() -> io::Result<async_channel::Receiver<()>> {
    let (sender, receiver) = async_channel::bounded(1);
    let mut was_asked = false;
    let handler = move || {
        if was_asked {
            std::process::exit(130);
        }
        was_asked = true;
        // There is room for the one message that is ever sent.
        let _ = sender.try_send(());
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)?;
    Ok(receiver)
}
