//! Being asked to stop.

use std::future::pending;

use tokio::sync::watch;

use crate::failure::{Exit, Failure};

/// Knows whether the process was asked to stop. The second time it is asked, it ends at once.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    asked: watch::Receiver<Option<Exit>>,
}

impl Stop {
    /// Listens from now on; to be called once, inside the runtime.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let (sender, asked) = watch::channel(None);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            loop {
                let exit = signals.next().await;
                if sender.borrow().is_some() {
                    std::process::exit(exit.code());
                }
                sender.send_replace(Some(exit));
            }
        });
        Ok(Self { asked })
    }

    /// Waits until it is asked to stop; says with which code to end then.
    pub(crate) async fn asked(&mut self) -> Exit {
        let exit = self.asked.wait_for(Option::is_some).await.ok().and_then(|asked| *asked);
        match exit {
            Some(exit) => exit,
            None => pending().await,
        }
    }

    /// Does the work, unless asked to stop before it is done; then the work is dropped.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut stop = self.clone();
        tokio::select! {
            biased;
            outcome = work => outcome,
            exit = stop.asked() => Err(Failure::message(exit, "interrupted")),
        }
    }
}

/// Being asked to read the configuration again: SIGHUP, where there is such a thing.
#[derive(Debug)]
pub(crate) struct Hangup {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangup {
    /// Listens from now on, instead of ending at the signal.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    /// Waits for the next time. Several that come while nobody waits are one.
    pub(crate) async fn asked(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        pending().await
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Exit::Interrupted,
            Some(()) = self.terminate.recv() => Exit::Terminated,
            else => pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Exit {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            Err(_) => pending().await,
        }
    }
}
