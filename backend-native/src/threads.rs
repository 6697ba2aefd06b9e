//! The threads of a runtime: how they are made, and how many there are.
//!
//! The only place that starts a thread. It knows nothing of what runs on one: workers and the
//! blocking pool bring the body.

use std::{
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use crate::wake::quietly;

/// What every thread of a runtime does around its body: the door enters the runtime there.
pub(crate) type Around = Box<dyn Fn(Role, &mut dyn FnMut()) + Send + Sync>;

/// What a thread is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It polls tasks.
    Worker,
    /// It runs closures that may block.
    Blocking,
    /// It looks after the workers, and runs nothing of others.
    Monitor,
}

/// What the application wants to be done on each thread that runs its code.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) on_start: Option<Hook>,
    pub(crate) on_stop: Option<Hook>,
}

pub(crate) type Hook = Arc<dyn Fn() + Send + Sync>;

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("on_start", &self.on_start.is_some())
            .field("on_stop", &self.on_stop.is_some())
            .finish()
    }
}

/// Starts the threads of one runtime and counts them.
#[derive(Clone, Debug)]
pub(crate) struct Threads(Arc<Inner>);

struct Inner {
    name: String,
    stack_size: Option<usize>,
    hooks: Hooks,
    around: Around,
    n_started: AtomicUsize,
    alive: Mutex<Vec<Thread>>,
    fewer: Condvar,
}

#[derive(Debug)]
struct Thread {
    number: usize,
    role: Role,
    /// `None` until it has begun to run.
    id: Option<ThreadId>,
}

impl Threads {
    pub(crate) fn new(
        name: String,
        stack_size: Option<usize>,
        hooks: Hooks,
        around: Around,
    ) -> Self {
        Self(Arc::new(Inner {
            name,
            stack_size,
            hooks,
            around,
            n_started: AtomicUsize::new(0),
            alive: Mutex::default(),
            fewer: Condvar::new(),
        }))
    }

    /// Starts a thread that runs `body`.
    ///
    /// # Errors
    ///
    /// The system's, if it gives us no thread; `body` is dropped then.
    pub(crate) fn start(&self, role: Role, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let alive = Alive::new(self.0.clone(), role);
        let kind = match role {
            Role::Worker => "worker",
            Role::Blocking => "blocking",
            Role::Monitor => "monitor",
        };
        let name = format!("{}-{kind}-{}", self.0.name, alive.number);
        let mut builder = thread::Builder::new().name(name);
        if let Some(bytes) = self.0.stack_size {
            builder = builder.stack_size(bytes);
        }
        builder.spawn(move || {
            alive.started();
            let mut body = Some(body);
            (alive.inner.around)(role, &mut || {
                alive.inner.call(role, |hooks| &hooks.on_start);
                if let Some(body) = body.take() {
                    body();
                }
                alive.inner.call(role, |hooks| &hooks.on_stop);
            });
        })?;
        Ok(())
    }

    /// How many threads there are for this.
    pub(crate) fn n_alive(&self, role: Role) -> usize {
        let alive = self.0.lock();
        alive.iter().filter(|thread| thread.role == role).count()
    }

    /// Waits until all threads but the calling one are gone, at most `limit`.
    pub(crate) fn wait(&self, limit: Duration) {
        let this = thread::current().id();
        let others = |alive: &mut Vec<Thread>| alive.iter().any(|thread| thread.id != Some(this));
        let alive = self.0.lock();
        // Whether it was the limit or the last thread is the same to us.
        let waited = self.0.fewer.wait_timeout_while(alive, limit, others);
        drop(waited);
    }
}

/// Keeps a thread on the list until it is dropped.
struct Alive {
    inner: Arc<Inner>,
    number: usize,
}

impl Alive {
    fn new(inner: Arc<Inner>, role: Role) -> Self {
        let number = inner.n_started.fetch_add(1, Relaxed);
        let id = None;
        inner.lock().push(Thread { number, role, id });
        Self { inner, number }
    }

    fn started(&self) {
        let id = Some(thread::current().id());
        let mut alive = self.inner.lock();
        if let Some(thread) = alive.iter_mut().find(|thread| thread.number == self.number) {
            thread.id = id;
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.inner
            .lock()
            .retain(|thread| thread.number != self.number);
        self.inner.fewer.notify_all();
    }
}

impl Inner {
    /// Calls a hook; a panic of it is swallowed, after the panic hook has seen it.
    fn call(&self, role: Role, which: impl FnOnce(&Hooks) -> &Option<Hook>) {
        if role != Role::Monitor
            && let Some(hook) = which(&self.hooks)
        {
            quietly(|| hook());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Thread>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("name", &self.name)
            .field("alive", &self.lock().len())
            .finish_non_exhaustive()
    }
}
