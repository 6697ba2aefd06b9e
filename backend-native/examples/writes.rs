//! Which words of the runtime are written for an operation, and how often by another thread than
//! the one before: `cargo xtask scaling` builds and runs it.
//!
//! It prints a line a file that asked for writes, its fields parted by tabs: workers, tasks,
//! operation, file, kind, writes an operation, those after another thread's.

#[cfg(not(anyrt_counted))]
fn main() {
    eprintln!("nothing is counted in this build; `cargo xtask scaling` makes one that counts");
    std::process::exit(2);
}

#[cfg(anyrt_counted)]
fn main() -> std::io::Result<()> {
    counted::main()
}

#[cfg(anyrt_counted)]
mod counted {
    use std::{
        future::Future,
        io::{self, Write},
        net::{Ipv4Addr, SocketAddr},
        pin::Pin,
        time::Duration,
    };

    use anyrt_api::{
        Spawn,
        fs::File,
        net::{TcpListener, TcpStream},
        task, time,
    };
    use anyrt_native::{
        Builder, Native,
        counted::{self, Kind},
    };

    type Done = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;
    type Operation = fn(Native, usize) -> Done;

    /// So often by each task.
    const N: usize = 5_000;

    /// What is counted: its name, and `n` times of it by one task.
    const OPERATIONS: [(&str, Operation); 9] = [
        ("spawn and join", |rt, n| Box::pin(spawn_join(rt, n))),
        ("spawn 100, then join them", |rt, n| {
            Box::pin(spawn_many(rt, n))
        }),
        ("yield", |_, n| Box::pin(yields(n))),
        ("a timeout set and dropped", |rt, n| {
            Box::pin(timeouts(rt, n))
        }),
        ("a sleep of 1 ms", |rt, n| Box::pin(sleeps(rt, n / 50))),
        ("64 bytes there and back", |rt, n| Box::pin(echo(rt, n))),
        ("connect, accept, close", |rt, n| {
            Box::pin(connections(rt, n / 10))
        }),
        ("a read at an offset", |rt, n| Box::pin(reads(rt, n))),
        ("an empty blocking call", |rt, n| {
            Box::pin(blocking(rt, n / 10))
        }),
    ];

    /// How many times of the operation are one call of its function.
    fn n_times(name: &str, n: usize) -> usize {
        match name {
            "a sleep of 1 ms" => n / 50,
            "connect, accept, close" | "an empty blocking call" => n / 10,
            _ => n,
        }
    }

    pub(super) fn main() -> io::Result<()> {
        for (workers, tasks) in [(1, 1), (2, 2), (8, 8)] {
            for (name, operation) in OPERATIONS {
                let runtime = Builder::new().workers(workers).build()?;
                // Once to warm up, so that lists have grown and sources are known.
                run(&runtime, tasks, operation, N / 10)?;
                counted::take();
                run(&runtime, tasks, operation, N)?;
                print(workers, tasks, name)?;
            }
        }
        Ok(())
    }

    fn run(
        runtime: &anyrt_native::Runtime,
        tasks: usize,
        operation: Operation,
        n: usize,
    ) -> io::Result<()> {
        let rt = runtime.handle();
        let start = |_| rt.spawn(operation(rt.clone(), n));
        let all: Vec<_> = (0..tasks).map(start).collect();
        runtime.block_on(async {
            for one in all {
                one.await.map_err(io::Error::other)??;
            }
            Ok(())
        })
    }

    fn print(workers: usize, tasks: usize, name: &str) -> io::Result<()> {
        let n = (n_times(name, N) * tasks) as f64;
        let mut out = io::stdout().lock();
        for ((file, kind), writes) in counted::take() {
            let file = file.rsplit_once("src/").map_or(file, |(_, file)| file);
            let kind = match kind {
                Kind::Store => "store",
                Kind::Update => "update",
                Kind::Lock => "lock",
            };
            let (all, crossed) = (writes.n as f64 / n, writes.n_crossed as f64 / n);
            writeln!(
                out,
                "{workers}\t{tasks}\t{name}\t{file}\t{kind}\t{all:.3}\t{crossed:.3}"
            )?;
        }
        Ok(())
    }

    async fn spawn_join(rt: Native, n: usize) -> io::Result<()> {
        for i in 0..n {
            let out = rt.spawn(async move { i }).await;
            assert_eq!(out.map_err(io::Error::other)?, i);
        }
        Ok(())
    }

    async fn spawn_many(rt: Native, n: usize) -> io::Result<()> {
        for _ in 0..n / 100 {
            let all: Vec<_> = (0..100).map(|i| rt.spawn(async move { i })).collect();
            for one in all {
                one.await.map_err(io::Error::other)?;
            }
        }
        Ok(())
    }

    async fn yields(n: usize) -> io::Result<()> {
        for _ in 0..n {
            task::yield_now().await;
        }
        Ok(())
    }

    async fn timeouts(rt: Native, n: usize) -> io::Result<()> {
        for _ in 0..n {
            let never = time::timeout_in(Duration::from_secs(60), task::yield_now(), &rt);
            never.await?;
        }
        Ok(())
    }

    async fn sleeps(rt: Native, n: usize) -> io::Result<()> {
        for _ in 0..n {
            time::sleep_in(Duration::from_millis(1), &rt).await;
        }
        Ok(())
    }

    const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    async fn echo(rt: Native, n: usize) -> io::Result<()> {
        let listener = TcpListener::bind_in(LOCAL, &rt).await?;
        let ours = TcpStream::connect_in(listener.local_addr()?, &rt).await?;
        let (theirs, _) = listener.accept().await?;
        let server = rt.spawn(async move {
            let mut buf = [0; 64];
            while theirs.read_exact(&mut buf).await.is_ok() {
                theirs.write_all(&buf).await?;
            }
            io::Result::Ok(())
        });
        let mut buf = [0; 64];
        for i in 0..n {
            ours.write_all(&[i as u8; 64]).await?;
            ours.read_exact(&mut buf).await?;
            assert_eq!(buf[63], i as u8);
        }
        drop(ours);
        server.await.map_err(io::Error::other)?
    }

    async fn connections(rt: Native, n: usize) -> io::Result<()> {
        let listener = TcpListener::bind_in(LOCAL, &rt).await?;
        let addr = listener.local_addr()?;
        for _ in 0..n {
            let ours = TcpStream::connect_in(addr, &rt).await?;
            let (theirs, _) = listener.accept().await?;
            drop((ours, theirs));
        }
        Ok(())
    }

    async fn reads(rt: Native, n: usize) -> io::Result<()> {
        let mut named = tempfile::NamedTempFile::new()?;
        named.write_all(&[7; 4096])?;
        let file = File::open_in(named.path(), &rt).await?;
        for _ in 0..n {
            assert_eq!(file.read_at(&mut [0; 512], 0).await?, 512);
        }
        Ok(())
    }

    async fn blocking(rt: Native, n: usize) -> io::Result<()> {
        for i in 0..n {
            let out = rt.spawn_blocking(move || i).await;
            assert_eq!(out.map_err(io::Error::other)?, i);
        }
        Ok(())
    }
}
