//! The library on every backend, in both of its forms.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyrt::net::TcpListener;
use anyrt::{Runtime, io, task};
use anyrt_library::Client;

/// Answers `hello` after hanging up on the first `n_hang_ups` connections.
async fn server<R: Runtime>(rt: &R, n_hang_ups: usize) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind_in("127.0.0.1:0", rt).await?;
    let addr = listener.local_addr()?;
    task::spawn_in(
        async move {
            for n_served in 0.. {
                let (stream, _) = listener.accept().await?;
                if n_served >= n_hang_ups {
                    stream.read(&mut [0; 64]).await?;
                    stream.write_all(b"hello\n").await?;
                }
            }
            io::Result::Ok(())
        },
        rt,
    );
    Ok(addr)
}

#[anyrt::test]
async fn answers_in_the_bare_form() -> io::Result<()> {
    let addr = server(&anyrt::AnyRuntime::current(), 0).await?;
    assert_eq!(Client::new(addr).ask("who?").await?, "hello");
    Ok(())
}

#[anyrt::test]
async fn answers_at_the_third_try(rt: impl Runtime) -> io::Result<()> {
    let addr = server(&rt, 2).await?;
    assert_eq!(Client::new_in(addr, &rt).ask("who?").await?, "hello");
    Ok(())
}

#[anyrt::test]
async fn gives_up_with_the_last_error(rt: impl Runtime) -> io::Result<()> {
    let addr = server(&rt, usize::MAX).await?;
    let refused = Client::new_in(addr, &rt).tries(2).ask("who?").await;
    let kind = refused.expect_err("nobody answers").kind();
    assert!(
        matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset),
        "{kind}"
    );
    Ok(())
}

#[anyrt::test]
async fn gives_up_on_a_silent_server(rt: impl Runtime) -> io::Result<()> {
    let listener = TcpListener::bind_in("127.0.0.1:0", &rt).await?;
    let client = Client::new_in(listener.local_addr()?, &rt);
    let asked = client
        .tries(1)
        .timeout(Duration::from_millis(50))
        .ask("who?")
        .await;
    assert_eq!(
        asked.expect_err("nobody answers").kind(),
        ErrorKind::TimedOut
    );
    Ok(())
}
