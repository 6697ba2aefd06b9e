//! Files that the page cache holds: random and sequential reads, whole small files, and sequential
//! writes; std's own calls beside them.

use std::{
    fs::File,
    io::{self, IoSliceMut, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyrt_api::{
    Runtime,
    fs::{OpenOptions, WriteBehind},
};
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::io::AsyncWriteExt;

use super::{Cell, Place, Scenario, Setup, everyone, in_task, names::*, typical};
use crate::{
    contender::{Handle, Owner, ReadFile, Rt},
    figure::{Role, Value, median},
};

/// The length of the file that is read at random.
const LENGTH: usize = 64 << 20;
const BLOCK: usize = 4096;
/// Reads a time, all tasks together.
const READS: usize = 3200;

pub(super) fn scenarios() -> Vec<Scenario> {
    let with_std = |mut cells: Vec<Cell>, std: fn(&Setup) -> io::Result<Vec<Value>>| {
        cells.push(Cell::new("std", Role::Control, std));
        cells
    };
    vec![
        Scenario {
            name: "file_random",
            what: "reads at random offsets of a cached file",
            place: Place::Inside,
            cells: {
                let mut cells = with_std(everyone!(random), std_random);
                cells.push(Cell::new("std-seek", Role::Control, seeking_random));
                cells.push(Cell::new("preadv2", Role::Control, nowait_random));
                cells
            },
        },
        Scenario {
            name: "file_sequential",
            what: "a cached file read from its beginning in 4 KiB steps",
            place: Place::Inside,
            cells: with_std(everyone!(sequential), std_sequential),
        },
        Scenario {
            name: "file_whole",
            what: "a small cached file read as a whole",
            place: Place::Inside,
            cells: with_std(everyone!(whole), std_whole),
        },
        Scenario {
            name: "file_write",
            what: "a file overwritten from its beginning in 4 KiB steps: plainly, and behind",
            place: Place::Inside,
            cells: with_std(writers(), std_write),
        },
    ]
}

/// What a block is read into. It begins where a page of memory does, whoever reads: where a copy
/// out of the page cache goes to changes its speed by more than what is compared here.
#[repr(align(4096))]
struct Page([u8; BLOCK]);

impl Page {
    fn new() -> Box<Self> {
        Box::new(Self([0; BLOCK]))
    }
}

/// Tasks, and bytes a read.
const RANDOM: [(usize, usize); 3] = [(1, BLOCK), (32, BLOCK), (1, 512)];

fn random<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let file = filled(LENGTH)?;
    in_task::<O, _>(setup, |rt, setup| async move {
        let path = Arc::new(file.path().to_owned());
        let mut values = Vec::new();
        for (n_tasks, n_bytes) in RANDOM {
            let n_reads = READS / n_tasks;
            let once = || async {
                let start = |n| rt.spawn(scatter(rt.clone(), path.clone(), n, n_reads, n_bytes));
                let tasks: Vec<_> = (0..n_tasks).map(start).collect();
                for task in tasks {
                    task.await.expect("the file is read");
                }
            };
            let time = typical(setup, once).await;
            values.push(random_value(n_tasks, n_bytes, time));
        }
        values
    })
}

fn random_value(n_tasks: usize, n_bytes: usize, time: Duration) -> Value {
    Value::nanos_each(format!("{n_bytes} B, {n_tasks} tasks"), time, READS)
}

/// One open and `n_reads` reads.
async fn scatter<H: Handle>(
    rt: H,
    path: Arc<PathBuf>,
    seed: usize,
    n_reads: usize,
    n_bytes: usize,
) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let mut file = rt.open(&path).await?;
    let mut page = Page::new();
    let buf = &mut page.0[..n_bytes];
    for _ in 0..n_reads {
        let block = random.usize(0..LENGTH / BLOCK);
        file.read_at(buf, (block * BLOCK) as u64).await?;
    }
    Ok(())
}

/// One read of a block at an offset, without a runtime.
type ReadAt = fn(&File, &mut [u8], u64) -> io::Result<()>;

/// std on Unix: one system call, which waits for a disk.
fn std_random(setup: &Setup) -> io::Result<Vec<Value>> {
    by_threads(setup, |file, buf, offset| file.read_exact_at(buf, offset))
}

/// std on any system, and as the peers' own files read at an offset: a seek, and a read.
fn seeking_random(setup: &Setup) -> io::Result<Vec<Value>> {
    by_threads(setup, |mut file, buf, offset| {
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buf)
    })
}

/// The system call that does not wait for a disk, and costs the kernel more than std's `pread`.
fn nowait_random(setup: &Setup) -> io::Result<Vec<Value>> {
    by_threads(setup, |file, buf, offset| {
        let (len, nowait) = (buf.len(), ReadWriteFlags::NOWAIT);
        let n = preadv2(file, &mut [IoSliceMut::new(buf)], offset, nowait)?;
        // The page cache has the file.
        assert_eq!(n, len);
        Ok(())
    })
}

/// The same by threads, as many as there are workers, for each number of tasks.
fn by_threads(setup: &Setup, read_at: ReadAt) -> io::Result<Vec<Value>> {
    let file = filled(LENGTH)?;
    let value = |(n_tasks, n_bytes): (usize, usize)| {
        let n_threads = n_tasks.min(setup.workers);
        let n_reads = READS / n_threads;
        let scatter = |seed: usize| {
            let mut random = fastrand::Rng::with_seed(seed as u64);
            let open = File::open(file.path()).expect("the file is there");
            let mut page = Page::new();
            let buf = &mut page.0[..n_bytes];
            for _ in 0..n_reads {
                let block = random.usize(0..LENGTH / BLOCK);
                read_at(&open, buf, (block * BLOCK) as u64).expect("the file is read");
            }
        };
        let time = typical_of(setup, || {
            thread::scope(|scope| {
                // The calling thread is one of them.
                (1..n_threads).for_each(|seed| drop(scope.spawn(move || scatter(seed))));
                scatter(0);
            });
        });
        random_value(n_tasks, n_bytes, time)
    };
    Ok(RANDOM.map(value).into())
}

const SEQUENCE: usize = 4 << 20;

fn sequential<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let file = filled(SEQUENCE)?;
    in_task::<O, _>(setup, |rt, setup| async move {
        let once = || async {
            let mut open = rt.open(file.path()).await.expect("the file is there");
            let mut page = Page::new();
            while open.read(&mut page.0).await.expect("the file is read") > 0 {}
        };
        let time = typical(setup, once).await;
        vec![Value::nanos_each("4096 B", time, SEQUENCE / BLOCK)]
    })
}

fn std_sequential(setup: &Setup) -> io::Result<Vec<Value>> {
    let file = filled(SEQUENCE)?;
    let time = typical_of(setup, || {
        let mut open = File::open(file.path()).expect("the file is there");
        let mut page = Page::new();
        while open.read(&mut page.0).expect("the file is read") > 0 {}
    });
    let n_reads = SEQUENCE / BLOCK;
    Ok(vec![Value::nanos_each("4096 B", time, n_reads)])
}

const WHOLE: [usize; 2] = [1024, 4096];
const TIMES: usize = 200;

fn whole<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let files = WHOLE.map(filled);
    in_task::<O, _>(setup, |rt, setup| async move {
        let mut values = Vec::new();
        for (file, n_bytes) in files.into_iter().zip(WHOLE) {
            let file = file.expect("there is room for a small file");
            let once = || async {
                for _ in 0..TIMES {
                    let bytes = rt.read(file.path()).await.expect("the file is there");
                    assert_eq!(bytes.len(), n_bytes);
                }
            };
            let time = typical(setup, once).await;
            values.push(Value::nanos_each(format!("{n_bytes} B"), time, TIMES));
        }
        values
    })
}

fn std_whole(setup: &Setup) -> io::Result<Vec<Value>> {
    let value = |n_bytes| {
        let file = filled(n_bytes)?;
        let time = typical_of(setup, || {
            for _ in 0..TIMES {
                let bytes = std::fs::read(file.path()).expect("the file is there");
                assert_eq!(bytes.len(), n_bytes);
            }
        });
        Ok(Value::nanos_each(format!("{n_bytes} B"), time, TIMES))
    };
    WHOLE.into_iter().map(value).collect()
}

/// Ours, and tokio's own file, which writes behind its caller always.
fn writers() -> Vec<Cell> {
    vec![
        Cell::new("native", Ours, write::<Direct<anyrt_native::Runtime>, _>),
        Cell::new("tokio", Ours, write::<Direct<anyrt_tokio::Runtime>, _>),
        Cell::new("smol", Ours, write::<Direct<anyrt_smol::Runtime>, _>),
        Cell::new("raw-tokio", Peer, tokio_write),
    ]
}

fn write<O, R>(setup: &Setup) -> io::Result<Vec<Value>>
where
    O: Owner<Handle = Rt<R>>,
    R: Runtime,
{
    let file = filled(SEQUENCE)?;
    in_task::<O, _>(setup, |rt, setup| async move {
        let mut options = OpenOptions::new();
        options.write(true);
        let open = || options.open_in(file.path(), rt.raw());
        let plain = || async {
            let open = open().await.expect("the file is there");
            for _ in 0..SEQUENCE / BLOCK {
                open.write_all(&[8; BLOCK]).await.expect("it is written");
            }
        };
        let behind = || async {
            let open = open().await.expect("the file is there");
            let mut writer = WriteBehind::new_in(open, rt.raw());
            for _ in 0..SEQUENCE / BLOCK {
                writer.write_all(&[9; BLOCK]).await.expect("it is accepted");
            }
            writer.close().await.expect("it is written");
        };
        let times = [typical(setup, plain).await, typical(setup, behind).await];
        vec![
            write_value("plain", times[0]),
            write_value("behind", times[1]),
        ]
    })
}

fn tokio_write(setup: &Setup) -> io::Result<Vec<Value>> {
    let file = filled(SEQUENCE)?;
    in_task::<RawTokio, _>(setup, |_, setup| async move {
        let once = || async {
            let mut options = tokio::fs::File::options();
            let open = options.write(true).open(file.path()).await;
            let mut open = open.expect("the file is there");
            for _ in 0..SEQUENCE / BLOCK {
                open.write_all(&[9; BLOCK]).await.expect("it is accepted");
            }
            open.flush().await.expect("it is written");
        };
        vec![write_value("behind", typical(setup, once).await)]
    })
}

fn std_write(setup: &Setup) -> io::Result<Vec<Value>> {
    let file = filled(SEQUENCE)?;
    let time = typical_of(setup, || {
        let open = File::options().write(true).open(file.path());
        let mut open = open.expect("the file is there");
        for _ in 0..SEQUENCE / BLOCK {
            open.write_all(&[8; BLOCK]).expect("it is written");
        }
    });
    Ok(vec![write_value("plain", time)])
}

fn write_value(how: &str, time: Duration) -> Value {
    Value::nanos_each(format!("{BLOCK} B, {how}"), time, SEQUENCE / BLOCK)
}

/// As [`typical`] without a runtime.
fn typical_of(setup: &Setup, mut f: impl FnMut()) -> Duration {
    f();
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || begin.elapsed() < setup.span() {
        let start = Instant::now();
        f();
        times.push(start.elapsed().as_secs_f64());
    }
    Duration::from_secs_f64(median(&times))
}

/// A temporary file of `length` bytes, which the page cache holds since they were just written.
fn filled(length: usize) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    let block = [7; 1 << 16];
    let mut left = length;
    while left > 0 {
        let n = left.min(block.len());
        file.write_all(&block[..n])?;
        left -= n;
    }
    Ok(file)
}
